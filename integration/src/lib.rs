//! Real Envoy, driven from tests.
