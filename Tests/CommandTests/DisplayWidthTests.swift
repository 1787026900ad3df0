import TestSupport
import Testing

@testable import TenantctlCommands

@Suite struct DisplayWidthTests {
  @Test(arguments: [
    ("", 0), ("acme", 4), ("café", 4), ("cafe\u{301}", 4), ("Ünï", 3), ("中文字", 6), ("ｱｲ", 2), ("ＡＢ", 4),
    ("한국", 4),
    ("日本\u{3001}", 6), ("😀😀", 4), ("⌚", 2), ("☎", 1), ("☎\u{FE0F}", 1), ("🇩🇪", 2), ("\u{200D}", 0), ("𠀀", 2),
    ("नि", 2), ("\u{E9}\u{20DD}", 1), ("→…—", 3),
  ])
  func widths(text: String, width: Int) { #expect(text.displayWidth == width) }

  @Test func tablesAreAligned() async throws {
    try await Scene.with(tenants: ["acme", "reef", "rock"]) { scene in
      try await scene.database.psql(
        """
        UPDATE tenants SET plan = CASE name WHEN 'acme' THEN '中文字' WHEN 'reef' THEN '😀' ELSE e'cafe\\u0301' END;
        ALTER TABLE tenants ADD "地区" text
        """)
      try await scene.prints(
        "list --columns plan,seats,name --sort name",
        """
        PLAN    SEATS  NAME
        中文字  -      acme
        😀      -      reef
        cafe\u{301}    -      rock

        """)
      let show = try await scene.run("show acme").stdout
      #expect(show.contains("\n地区          NULL\n") && show.contains("\nplan          中文字\n"), "\(show)")
    }
  }
}
