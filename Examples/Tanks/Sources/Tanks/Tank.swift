import Hummingbird
import Tenancy

/// A row of a tenant's table `tanks`.
struct Tank: ResponseEncodable {
  let id: Int
  let name: String?
  let capacity: Double?
  let location: String?

  static let columns: SQL = "id, name, capacity, location"

  init(_ row: Row) throws {
    (id, name, capacity, location) = try row.decode((Int, String?, Double?, String?).self)
  }

  /// The first row of a result; 404 if it has none.
  init(first rows: Rows) throws {
    guard let row = rows.first else { throw HTTPError(.notFound) }
    try self.init(row)
  }
}

/// What a client sends of a tank.
struct TankValues: Decodable {
  let name: String?
  let capacity: Double?
  let location: String?
}
