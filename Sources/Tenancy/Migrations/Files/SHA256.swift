internal import CCrypto

/// SHA-256, from libcrypto.
package enum SHA256 {
  /// The digest in 64 lower-case hexadecimal digits.
  package static func hex(of bytes: [UInt8]) -> String {
    var stream = Stream()
    stream.add(bytes)
    return stream.hex
  }

  /// The digest of a text's UTF-8.
  package static func hex(of text: String) -> String {
    var stream = Stream()
    stream.add(text)
    return stream.hex
  }

  /// A digest that grows with its text.
  struct Stream {
    private var context = SHA256_CTX()

    init() { SHA256_Init(&context) }

    mutating func add(_ bytes: [UInt8]) { SHA256_Update(&context, bytes, bytes.count) }

    mutating func add(_ text: String) {
      var text = text
      text.withUTF8 { _ = SHA256_Update(&context, $0.baseAddress, $0.count) }
    }

    /// The digest of what was added so far.
    var hex: String {
      var end = context
      return hexDigits(Int(SHA256_DIGEST_LENGTH)) { SHA256_Final($0, &end) }
    }
  }
}

/// SHA-384, from libcrypto.
enum SHA384 {
  /// The digest in 96 lower-case hexadecimal digits.
  static func hex(of bytes: [UInt8]) -> String {
    var context = SHA512_CTX()
    SHA384_Init(&context)
    SHA384_Update(&context, bytes, bytes.count)
    return hexDigits(Int(SHA384_DIGEST_LENGTH)) { SHA384_Final($0, &context) }
  }
}

private func hexDigits(_ count: Int, _ final: (UnsafeMutablePointer<UInt8>) -> Int32) -> String {
  let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
    // Cannot fail: it has no resource to acquire.
    if let start = buffer.baseAddress { initialized = final(start) == 1 ? count : 0 }
  }
  let digits = Array("0123456789abcdef".utf8)
  let hex = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  return String(decoding: hex, as: UTF8.self)
}
