internal import Glibc

/// Host names beyond ASCII (RFC 5891), converted by libidn2 as browsers do it (UTS 46, non-transitional).
///
/// Most Linux systems have the library, as curl and glibc itself use it; it is only loaded for such a name, so that nothing
/// else pays for it.
enum InternationalName {
  private typealias Lookup =
    @convention(c) (
      UnsafePointer<UInt8>, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, Int32
    ) -> Int32
  /// `IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL` of idn2.h.
  private static let flags: Int32 = 1 | 8

  /// The name in its `xn--` form; `nil` if it cannot be one, or there is no libidn2.
  static func ascii(_ name: String) -> String? {
    guard let library = dlopen("libidn2.so.0", RTLD_NOW | RTLD_LOCAL),
      let symbol = dlsym(library, "idn2_lookup_u8")
    else { return nil }
    let lookup = unsafeBitCast(symbol, to: Lookup.self)
    var result: UnsafeMutablePointer<UInt8>?
    // The library takes its memory from malloc.
    defer { free(result) }
    guard lookup(Array(name.lowercased().utf8) + [0], &result, flags) == 0, let result else { return nil }
    let text = String(cString: result)
    return text.utf8.allSatisfy { $0 < 0x80 } ? text : nil
  }
}
