internal import TenancyPostgres

/// Texts that differ in the case of their letters.
enum AnyCase {
  /// That a column has the value but for its case.
  ///
  /// By the database's own collation, for which there may be an index on the lower case. In a Turkish one `lower('I')` is not
  /// `i`, but host names and names of tenants are: there the letters of ASCII alone are compared without their case. The
  /// planner knows which of the two it is, and leaves out the other.
  static func isEqual(_ column: SQL, _ value: String) -> SQL {
    let (ofDatabase, ofASCII): (SQL, SQL) = (#"COLLATE pg_catalog."default""#, #"COLLATE pg_catalog."C""#)
    let probe: SQL = "lower('I' \(ofDatabase))"
    return """
      (\(probe) = 'i' AND lower(\(column)::text \(ofDatabase)) = lower(\(value) \(ofDatabase))
        OR \(probe) <> 'i' AND lower(\(column)::text \(ofASCII)) = lower(\(value) \(ofASCII)))
      """
  }
}
