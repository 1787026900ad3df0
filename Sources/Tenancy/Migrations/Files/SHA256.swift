internal import CCrypto

/// SHA-256, from libcrypto.
package enum SHA256 {
  /// The digest in 64 lower-case hexadecimal digits.
  package static func hex(of bytes: [UInt8]) -> String {
    hexDigest(of: bytes, EVP_sha256())
  }

  /// A digest that grows with its text.
  final class Stream {
    private let context = EVP_MD_CTX_new()

    init() {
      let status = EVP_DigestInit_ex(context, EVP_sha256(), nil)
      precondition(status == 1, "libcrypto always has SHA-2")
    }

    deinit { EVP_MD_CTX_free(context) }

    func add(_ text: String) {
      var text = text
      _ = text.withUTF8 { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    /// The digest of the text so far.
    var hex: String {
      let end = EVP_MD_CTX_new()
      defer { EVP_MD_CTX_free(end) }
      EVP_MD_CTX_copy_ex(end, context)
      var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
      var count: UInt32 = 0
      EVP_DigestFinal_ex(end, &digest, &count)
      return hexDigits(digest.prefix(Int(count)))
    }
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
  return hexDigits(digest.prefix(Int(count)))
}

private func hexDigits(_ bytes: ArraySlice<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  let hex = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  return String(decoding: hex, as: UTF8.self)
}
