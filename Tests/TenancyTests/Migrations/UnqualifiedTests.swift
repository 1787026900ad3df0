import Testing

@testable import Tenancy

@Suite("A dump without its schema's name") struct UnqualifiedTests {
  private let acme = Unqualified(
    schema: "acme", names: ["orders", "orders_id_seq", "Order Items", "color", "total", "conf", "v"])

  @Test(arguments: [
    (
      "CREATE TABLE acme.orders (c acme.color DEFAULT 'red'::acme.color)",
      "CREATE TABLE orders (c color DEFAULT 'red'::color)"
    ),
    (#"ALTER TABLE ONLY acme."Order Items""#, #"ALTER TABLE ONLY "Order Items""#),
    ("nextval('acme.orders_id_seq'::regclass)", "nextval('orders_id_seq'::regclass)"),
    (#"'acme."Order Items"'::regclass"#, #"'"Order Items"'::regclass"#),
    ("to_tsvector('acme.conf'::regconfig, x)", "to_tsvector('conf'::regconfig, x)"),
    ("'acme.total(acme.color)'::regprocedure", "'total(color)'::regprocedure"),
    ("x OPERATOR(acme.+) y", "x OPERATOR(+) y"), ("CREATE OPERATOR acme.<-> (", "CREATE OPERATOR <-> ("),
    ("OPERATOR 1 acme.<(acme.color,acme.color)", "OPERATOR 1 <(color,color)"),
    ("REFERENCES public.orders(id)", "REFERENCES public.orders(id)"),
    ("SELECT o.acme, acme AS acme FROM acme.orders o", "SELECT o.acme, acme AS acme FROM orders o"),
    // A column of a table or an alias that is named like the schema.
    ("SELECT acme.id, acme.* FROM acme.orders acme", "SELECT acme.id, acme.* FROM orders acme"),
    ("DEFAULT 'acme.orders'::text", "DEFAULT 'acme.orders'::text"),
    ("AS $$SELECT * FROM acme.orders$$", "AS $$SELECT * FROM acme.orders$$"),
    ("globex.acme.orders", "globex.acme.orders"),
    ("lacme.orders, acme_.orders", "lacme.orders, acme_.orders"),
    ("'it''s acme.orders'::text, acme.v", "'it''s acme.orders'::text, v"),
  ])
  func names(dump: String, migration: String) {
    #expect(acme.text(dump) == migration)
  }

  @Test func quotedSchemas() {
    let quoted = Unqualified(schema: "Blue \"Co\"", names: ["orders", "s"])
    #expect(quoted.text(#"CREATE TABLE "Blue ""Co""".orders ()"#) == "CREATE TABLE orders ()")
    #expect(quoted.text(#"nextval('"Blue ""Co""".s'::regclass)"#) == "nextval('s'::regclass)")
    let upper = Unqualified(schema: "Acme", names: ["orders"])
    #expect(upper.text(#"acme.orders, "Acme".orders"#) == "acme.orders, orders")
  }

  @Test(arguments: [
    ("CREATE FUNCTION f() AS $$\nSELECT * FROM acme.orders\n$$", [2]),
    ("SET search_path TO 'acme', 'public'", [1]),
    ("SELECT 1;\nCOMMENT ON TABLE orders IS 'of acme''s';", [2]), ("acme.other", [1]),
    ("CREATE TABLE acme (acme int); SELECT 'lacme', 'acme_1'", []), ("-- acme\nSELECT 1", []),
    ("AS 'acme.orders, acme.v'", [1]),
  ])
  func whatStillNamesTheSchema(sql: String, lines: [Int]) {
    #expect(acme.mentions(in: sql).map(\.line) == lines)
  }

  @Test func aTableOfThatName() {
    let same = Unqualified(schema: "acme", names: ["acme", "orders"])
    #expect(same.text("SELECT acme.id FROM acme.acme") == "SELECT acme.id FROM acme")
    let odd = Unqualified(schema: "o'brien", names: ["orders"])
    #expect(
      odd.mentions(in: "SELECT 1;\nALTER FUNCTION f() SET search_path TO 'o''brien'").map(\.line) == [2])
    #expect(same.mentions(in: "SELECT acme.id FROM acme; SELECT 'acme.orders'").map(\.line) == [1])
  }
}
