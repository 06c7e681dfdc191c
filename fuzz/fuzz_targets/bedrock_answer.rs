#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| tollhouse_filter::fuzz::bedrock_answer(data));
