import Testing

@testable import Tenancy

@Suite struct VisibleTextTests {
  @Test(arguments: [
    ("a\n\r\t\u{1B}", #"a\n\r\t\u{1B}"#), ("q\0r", #"q\u{0}r"#), ("q\0", #"q\u{0}"#), ("\0x4", #"\u{0}x4"#),
    ("\0xg0", #"\u{0}xg0"#),
    // Bytes that are not UTF-8.
    ("caf\0xE9", #"caf\xE9"#), ("\0xE9\0xE80", #"\xE9\xE80"#),
  ])
  func onOneLine(text: String, shown: String) { #expect(text.onOneLine == shown) }
}
