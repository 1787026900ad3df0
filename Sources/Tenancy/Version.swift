/// The version of this package, which each ledger row records.
public let tenancyVersion = "0.1.0"
