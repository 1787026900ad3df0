extension TenantDatabase {
  /// Why a schema that belongs to no tenant is in the way of a tenant's new name: it may be what an interrupted create or drop
  /// has left, which `drop` removes.
  package func obstacle(_ schema: SchemaName, to name: TenantName) async -> TenancyProblem {
    do {
      return try await planDrop(name).result.hadRow
        ? .schemaWithoutTenant(schema) : .leftoverSchema(schema, of: name)
    } catch TenancyProblem.createInProgress(let name) {
      return .createInProgress(name)
    } catch {
      return .schemaWithoutTenant(schema)
    }
  }
}
