# docker build --target filter --tag tollhouse-filter .   the module alone, for `oci://` and for volumes of images
# docker build --tag tollhouse-envoy .                    Envoy with the module; its configuration is mounted
FROM rust:1.90-slim AS build
WORKDIR /src
COPY . .
RUN cargo build --locked --release --lib --package tollhouse-filter --target wasm32-wasip1 \
    && cp target/wasm32-wasip1/release/tollhouse_filter.wasm /plugin.wasm

FROM scratch AS filter
COPY --from=build /plugin.wasm /plugin.wasm

FROM envoyproxy/envoy:distroless-v1.40.0 AS gateway
COPY --from=build /plugin.wasm /etc/tollhouse/plugin.wasm
USER 101:101
EXPOSE 8080 8081
ENTRYPOINT ["/usr/local/bin/envoy"]
CMD ["--config-path", "/etc/envoy/envoy.yaml"]
