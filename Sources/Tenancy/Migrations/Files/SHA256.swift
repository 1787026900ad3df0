internal import CCrypto

/// SHA-256, from libcrypto.
package enum SHA256 {
  /// The digest in 64 lower-case hexadecimal digits.
  package static func hex(of bytes: [UInt8]) -> String {
    hexDigest(of: bytes, EVP_sha256())
  }

  /// The digest of a text's UTF-8.
  package static func hex(of text: String) -> String {
    hex(of: Array(text.utf8))
  }
}

/// SHA-384, from libcrypto.
enum SHA384 {
  /// The digest in 96 lower-case hexadecimal digits.
  static func hex(of bytes: [UInt8]) -> String { hexDigest(of: bytes, EVP_sha384()) }
}

private func hexDigest(of bytes: [UInt8], _ algorithm: OpaquePointer?) -> String {
  var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
  var count: UInt32 = 0
  let status = EVP_Digest(bytes, bytes.count, &digest, &count, algorithm, nil)
  precondition(status == 1, "libcrypto always has SHA-2")
  let digits = Array("0123456789abcdef".utf8)
  let hex = digest.prefix(Int(count)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  return String(decoding: hex, as: UTF8.self)
}
