//! Canonical JSON by RFC 8785: sorted keys, no white space, ECMAScript numbers.
//!
//! The log hashes these bytes, so they must be the same for every implementation:
//! `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{…}}`.

use serde::Serialize;

/// Writes `value` as RFC 8785 bytes.
///
/// Errors: only what cannot be JSON at all, such as a map whose keys are not strings.
pub fn to_vec(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    serde_json_canonicalizer::to_vec(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 8785 section 3.2.2, with the bytes of section 3.2.4.
    #[test]
    fn the_example_of_rfc_8785() {
        let input: serde_json::Value = serde_json::from_str(
            r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
                "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
        )
        .unwrap();
        assert_eq!(
            String::from_utf8(to_vec(&input).unwrap()).unwrap(),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
             \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
        );
    }
}
