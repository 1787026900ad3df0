/// The version of this package, which each ledger row records.
package let tenancyVersion = "0.1.0"
