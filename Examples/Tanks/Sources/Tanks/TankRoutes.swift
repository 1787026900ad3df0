import Hummingbird
import Tenancy
import TenancyHummingbird

/// The routes of each tenant's host: its own tanks.
func addTankRoutes(to routes: some RouterMethods<BasicTenantRequestContext>) {
  let tanks = routes.group("tanks").add(middleware: ValueErrors())

  tanks.get { _, context in
    try await context.withTenant { session in
      try await session.query("SELECT \(Tank.columns) FROM tanks ORDER BY id").map(Tank.init)
    }
  }

  tanks.get(":id") { _, context in
    let id = try context.parameters.require("id", as: Int.self)
    return try await context.withTenant { session in
      try await Tank(first: session.query("SELECT \(Tank.columns) FROM tanks WHERE id = \(id)"))
    }
  }

  tanks.post { request, context in
    let values = try await request.decode(as: TankValues.self, context: context)
    let insert: SQL = """
      INSERT INTO tanks (name, capacity, location) VALUES (\(values.name), \(values.capacity), \(values.location))
      RETURNING \(Tank.columns)
      """
    let tank = try await context.withTenant { try await Tank(first: $0.query(insert)) }
    return EditedResponse(status: .created, response: tank)
  }

  tanks.put(":id") { request, context in
    let id = try context.parameters.require("id", as: Int.self)
    let values = try await request.decode(as: TankValues.self, context: context)
    let update: SQL = """
      UPDATE tanks SET name = \(values.name), capacity = \(values.capacity), location = \(values.location)
      WHERE id = \(id) RETURNING \(Tank.columns)
      """
    return try await context.withTenant { try await Tank(first: $0.query(update)) }
  }

  tanks.delete(":id") { _, context in
    let id = try context.parameters.require("id", as: Int.self)
    let deleted = try await context.withTenant { session in
      try await session.query("DELETE FROM tanks WHERE id = \(id)").affected
    }
    return deleted == 0 ? HTTPResponse.Status.notFound : .noContent
  }
}
