internal import Glibc

/// The environment that the program was started with.
public enum Environment {
  /// By name.
  public static var current: [String: String] {
    var variables = [String: String](minimumCapacity: 64)
    var entry = environ
    while let text = entry.pointee {
      entry += 1
      guard let equals = strchr(text, Int32(UInt8(ascii: "="))) else { continue }
      let name = UnsafeRawBufferPointer(start: text, count: equals - text)
      variables[String(decoding: name, as: UTF8.self)] = String(cString: equals + 1)
    }
    return variables
  }
}
