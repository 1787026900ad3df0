import TenancyPostgres
import Testing

@testable import Tenancy

@Suite struct RegistryMappingTests {
  /// How a table is spelled in a configuration file.
  @Test(arguments: [
    ("tenants", "public", "tenants"), ("shop.customers", "shop", "customers"),
    ("My App.Te\"nants", "My App", "Te\"nants"),
    ("\"a.b\".\"c.\"\"d\"", "a.b", "c.\"d"), ("\"a.b\"", "public", "a.b"), ("a.\u{5A0}", "a", "\u{5A0}"),
    ("\u{301}\"", "public", "\u{301}\""), ("x.\"\"\"q\"", "x", "\"q"),
  ])
  func tables(text: String, schema: String, name: String) throws {
    let table = try #require(RegistryMapping.table(text))
    #expect((table.schema.name, table.name.name) == (schema, name))
    #expect(RegistryMapping.table(RegistryMapping.spelling(of: table)) == table)
  }

  @Test(arguments: ["", ".", "a.", ".a", "a.b.c", "\"a", "\"a\"b", "\"\"", "\"a\".", "a.\"b"])
  func noTables(text: String) {
    #expect(RegistryMapping.table(text) == nil)
  }
}
