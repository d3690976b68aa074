&[
    ("dev.sigstore.fulcio.v2.CA", &[
        "CreateSigningCertificate",
        "GetTrustBundle",
        "GetConfiguration",
    ]),
    ("dev.sigstore.fulcio.v1beta.CA", &[
        "CreateSigningCertificate",
        "GetRootCertificate",
    ]),
    ("grpc.health.v1.Health", &[
        "Check",
        "List",
        "Watch",
    ]),
    ("dev.sigstore.rekor.v2.Rekor", &[
        "CreateEntry",
        "GetTile",
        "GetEntryBundle",
        "GetCheckpoint",
    ]),
]
