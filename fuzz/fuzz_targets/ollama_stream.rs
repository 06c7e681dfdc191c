#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| tollhouse_filter::fuzz::ollama_stream(data));
