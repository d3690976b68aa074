//! Statements about files, by keys: what one program says of a file the other reads.

use super::Bench;

#[test]
fn a_statement_of_one_program_is_verified_by_the_other_by_kind_and_by_subject() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    std::fs::write(bench.path("predicate.json"), r#"{"a":1}"#).unwrap();
    let attest =
        "attest-blob --yes --key cosign.key --predicate predicate.json --tlog-upload=false";
    let kind = "--type https://example.com/kind";
    bench.ours(&format!("{attest} {kind} --bundle ours.json blob"));
    bench.theirs(
        &bench.sid,
        &format!("{attest} {kind} --use-signing-config=false --bundle theirs.json blob"),
    );
    let verify = "verify-blob-attestation --key cosign.pub --insecure-ignore-tlog";
    for bundle in ["ours.json", "theirs.json"] {
        let good = format!("{verify} {kind} --bundle {bundle} blob");
        bench.ours(&good);
        bench.theirs(&bench.sid, &good);
        let other = format!("{verify} {kind} --bundle {bundle} other");
        bench.ours_refuses(&other, "none of the statement's 1 subjects is the artifact");
        bench.theirs_refuses(
            &bench.sid,
            &other,
            "provided artifact digests do not match digests in statement",
        );
        let kind = format!("{verify} --type slsaprovenance1 --bundle {bundle} blob");
        bench.ours_refuses(&kind, "https://slsa.dev/provenance/v1");
        bench.theirs_refuses(&bench.sid, &kind, "invalid predicate type");
        // Whatever it is about, if nobody asks.
        bench.ours(&format!(
            "{verify} --type https://example.com/kind --check-claims=false --bundle {bundle}"
        ));
    }
}

#[test]
fn a_statement_may_be_given_whole_and_a_digest_in_the_place_of_the_file() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    let digest = waxwing_encoding::hex::encode(&waxwing_crypto::sha256(b"an artifact\n"));
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"blob","digest":{{"sha256":"{digest}"}}}}],"predicateType":"https://example.com/kind","predicate":{{}}}}"#
    );
    std::fs::write(bench.path("statement.json"), &statement).unwrap();
    bench.ours(
        "attest-blob --key cosign.key --tlog-upload=false --statement statement.json --bundle a.json",
    );
    let verify = "verify-blob-attestation --key cosign.pub --insecure-ignore-tlog \
                  --type https://example.com/kind --bundle a.json";
    let by_digest = format!("{verify} --digest {digest} --digestAlg sha256");
    bench.ours(&by_digest);
    bench.theirs(&bench.sid, &by_digest);
    let other = by_digest.replacen(&digest[..2], "00", 1);
    bench.ours_refuses(&other, "none of the statement's 1 subjects is the artifact");

    std::fs::write(bench.path("broken.json"), &statement[1..]).unwrap();
    bench.ours_refuses(
        "attest-blob --key cosign.key --tlog-upload=false --statement broken.json --bundle b.json",
        "broken.json",
    );
}
