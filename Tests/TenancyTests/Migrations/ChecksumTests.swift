import Testing

@testable import Tenancy

@Suite("Checksums") struct ChecksumTests {
  /// From `printf ... | sha256sum`.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("a\nb\n", "911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2"),
  ]) func sha256(text: String, hex: String) {
    #expect(SHA256.hex(of: Array(text.utf8)) == hex)
    #expect(SHA256.hex(of: text) == hex)
    #expect(Checksum(of: Array(text.utf8)).rawValue == hex)
  }

  /// From `printf abc | sha384sum`.
  @Test func sha384() {
    #expect(
      SHA384.hex(of: Array("abc".utf8))
        == "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7")
  }

  @Test(arguments: ["a\r\nb\r\n", "\u{FEFF}a\nb\n", "\u{FEFF}a\r\nb\n"])
  func lineEndsAndByteOrderMarkDoNotCount(text: String) {
    #expect(Checksum(of: Array(text.utf8)) == Checksum(of: Array("a\nb\n".utf8)))
  }

  @Test(arguments: ["a\rb\n", "a\nb", "a\n\nb\n", "a\r\r\nb\n", "a\n\u{FEFF}b\n", "a \nb\n"])
  func everythingElseCounts(text: String) {
    #expect(Checksum(of: Array(text.utf8)) != Checksum(of: Array("a\nb\n".utf8)))
  }
}
