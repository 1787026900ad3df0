import Testing

@testable import TenancyPostgres

@Suite struct ForeignBytesTests {
  @Test(arguments: [
    ([0x61, 0xC3, 0xA9], "aé"), ([0x61, 0xE9], "a\0xE9"), ([0xE9, 0x2E, 0x63], "\0xE9.c"), ([], ""),
    // An overlong form, half of a surrogate pair, a character that is cut off, and one behind a bad byte.
    ([0xC0, 0x80], "\0xC0\0x80"), ([0xED, 0xA0, 0x80], "\0xED\0xA0\0x80"),
    ([0xF0, 0x9F, 0x98], "\0xF0\0x9F\0x98"),
    ([0xFF, 0xF0, 0x9F, 0x98, 0x80], "\0xFF😀"),
  ])
  func bytes(bytes: [UInt8], text: String) {
    let found = bytes.withUnsafeBufferPointer { ForeignBytes.text($0) }
    #expect(Array(found.utf8) == Array(text.utf8))
    #expect(ForeignBytes.isIn(found) == text.utf8.contains(0))
  }
}
