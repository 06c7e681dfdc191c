use super::*;

const LOG: &str = r#"
{"time_ms":1793491199999,"request_id":"1","client":"bot","team":"support","surface":"chat","model":"tier","target":"a/x","attempts":[],"stream":false,"status":200,"outcome":"completed","usage":{"input":12307,"cached":0,"cache_write":12304,"cache_write_1h":0,"output":550,"reasoning":0,"audio_input":0,"audio_output":0},"usage_source":"provider","cost_usd":0.054399000,"cost_by_kind":{},"price_version":"2026-11-20","duration_ms":9}
[2026-11-01 00:00:00.000][1][info] an Envoy that says something
{"time_ms":1793491200000,"request_id":"2","client":"bot","team":"support","surface":"chat","model":"tier","target":"b/y","stream":true,"status":200,"outcome":"completed","usage":{"input":10,"cached":4,"cache_write":0,"cache_write_1h":0,"output":3,"reasoning":2,"audio_input":0,"audio_output":0},"usage_source":"partial","cost_usd":0.000000001,"duration_ms":9}
{"time_ms":1793577600000,"request_id":"3","client":"ci, nightly","surface":"messages","model":"o/\u001b[2J","target":"o/\u001b[2J","stream":true,"status":200,"outcome":"completed","usage":{"input":1,"output":1},"unpriced":true,"duration_ms":9}
{"time_ms":1793577600001,"request_id":"4","stream":false,"status":401,"outcome":"refused","error":"missing_api_key","duration_ms":0}
{"message":"JSON of somebody else","time_ms":1}
{"time_ms":1793577600001,"stream":false,"status":200,"outcome":"completed","cost_usd":5.4e-2,"duration_ms":0}
"#;

fn report(by: &[Dimension], from: &str, to: &str, format: Format) -> String {
    let mut report = Report::new(by.to_vec(), Timestamp::parse(from), Timestamp::parse(to));
    report.read(LOG.as_bytes()).unwrap();
    assert_eq!(report.skipped(), 3);
    let mut out = Vec::new();
    report.write(format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_table_has_a_row_for_each_group_and_their_sum() {
    insta::assert_snapshot!(report(&[Dimension::Team, Dimension::Model], "", "", Format::Table));
}

#[test]
fn times_are_from_and_before() {
    let by = [Dimension::Month, Dimension::Day];
    insta::assert_snapshot!(report(&by, "2026-11-01", "2026-11-02T00:00:00Z", Format::Table));
}

#[test]
fn nothing_is_a_report_too() {
    insta::assert_snapshot!(report(&[], "2030-01-01", "", Format::Table));
}

#[test]
fn csv_has_every_column() {
    insta::assert_snapshot!(report(&[Dimension::Client, Dimension::Surface], "", "", Format::Csv));
}

#[test]
fn json_has_exact_money() {
    insta::assert_snapshot!(report(&[Dimension::Target], "", "2026-11-01T00:00:01Z", Format::Json));
}

#[test]
fn sums_do_not_overflow() {
    let line = LOG.lines().nth(1).unwrap();
    let mut report = Report::default();
    let large = line.replace("0.054399000", "18446744073.709551615").replace(":12307", ":18446744073709551615");
    for _ in 0..3 {
        report.read(large.as_bytes()).unwrap();
    }
    assert_eq!(report.total().cost().as_deref(), Some("55340232221.128654845"));
    assert_eq!(report.total().counts()[2], 3 * u128::from(u64::MAX));
    let mut out = Vec::new();
    report.write(Format::Json, &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("\"input\": 55340232221128654845,"));
}
