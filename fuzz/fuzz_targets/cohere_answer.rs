#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| tollhouse_filter::fuzz::cohere_answer(data));
