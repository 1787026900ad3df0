// What a session takes and returns (SQL, Rows, Row, Identifier, ...) belongs to the library's public face, and TenancyPostgres
// is not a product: whoever imports Tenancy sees these types too. Everything else in that module is `package`.
@_exported public import TenancyPostgres
