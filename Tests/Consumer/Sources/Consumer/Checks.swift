import Postgres
import Tenancy

/// An actor of an app, with state that a block changes.
actor Shop {
  private let database: TenantDatabase
  private var tanks: [String] = []

  init(_ database: TenantDatabase) { self.database = database }

  func read(_ tenant: Tenant) async throws -> [String] {
    try await database.withTenant(tenant) { session in
      for row in try await session.query("SELECT name, capacity FROM tanks ORDER BY name") {
        let (name, capacity) = try row.decode((String, Int?).self)
        tanks.append("\(name):\(capacity ?? 0)")
      }
    }
    return tanks
  }
}

/// The part of an app that is bound to the main actor.
@MainActor final class Screen {
  private var count = 0

  func show(_ database: TenantDatabase) async throws -> Int {
    try await database.withTenant(TenantName(parsing: "acme")) { session in
      count += try await session.query("SELECT FROM tanks").count
    }
    return count
  }
}

/// What the example leaves out. Fails by a precondition.
func check(_ database: TenantDatabase, _ tanks: [String]) async throws {
  precondition(tanks == ["large"], "\(tanks)")
  precondition(Pool().connections == 4)
  let tenant = try await database.tenant(forHost: "acme.example.com:443")
  let names = try await Shop(database).read(tenant)
  precondition(names == ["large:500", "small:50"], "\(names)")
  let count = try await Screen().show(database)
  precondition(count == 2, "\(count)")
  do {
    let name = try await database.withTenant(forHost: "none.example.com") { $0.tenant.name }
    fatalError("no error, but \(name)")
  } catch let error as TenancyError where error.code == .hostNotFound {}
  do {
    try await database.withTenant(tenant) { session in
      let table = QualifiedName("acme", "tanks")
      let columns: [SQL] = ["\("small")::text", "\(Double?.none)::float8"]
      _ = try await session.query("INSERT INTO \(table) VALUES (\(SQL.joined(columns)))")
    }
    fatalError("no error")
  } catch let error as TenancyError {
    precondition(error.code == .statementFailed && error.sqlState == "23505", "\(error)")
    precondition(error.tenant == tenant.name)
  }
  await database.close()
}
