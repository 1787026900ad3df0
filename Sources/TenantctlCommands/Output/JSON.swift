/// A JSON value (RFC 8259).
///
/// Foundation has an encoder of its own, and with it come three quarters of the program's size, most of the
/// conformances that Swift's runtime searches at start-up, and numbers cut to 38 digits.
enum JSON: Sendable {
  case null
  case boolean(Bool)
  case string(String)
  /// Text that is JSON already: a number, or a value that the server wrote.
  case literal(String)
  case array([JSON])
  case object([String: JSON])
}

extension JSON {
  /// A value as JSON text: keys in snake case and in order, no escaped slashes.
  static func text(_ value: any Encodable, pretty: Bool = false) -> String {
    let place = JSONPlace()
    do {
      try place.put(value)
    } catch {
      preconditionFailure("our own values are representable in JSON: \(error)")
    }
    var text = ""
    place.value.write(to: &text, indentation: pretty ? "\n" : nil)
    return text
  }

  /// - Parameter indentation: what a line begins with, its break included; `nil` writes all on one line.
  private func write(to text: inout String, indentation: String?) {
    let inner = indentation.map { $0 + "  " }
    switch self {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .string(let value): Self.write(value, to: &text)
    case .literal(let value): text += value
    case .array(let elements) where elements.isEmpty: text += "[]"
    case .object(let members) where members.isEmpty: text += "{}"
    case .array(let elements):
      Self.writeList(elements, in: ("[", "]"), to: &text, indentation, inner) { element, text in
        element.write(to: &text, indentation: inner)
      }
    case .object(let members):
      let sorted = members.sorted { $0.key < $1.key }
      Self.writeList(sorted, in: ("{", "}"), to: &text, indentation, inner) { member, text in
        Self.write(member.key, to: &text)
        text += inner == nil ? ":" : ": "
        member.value.write(to: &text, indentation: inner)
      }
    }
  }

  private static func writeList<Element>(
    _ elements: [Element], in brackets: (String, String), to text: inout String, _ outer: String?,
    _ inner: String?, _ write: (Element, inout String) -> Void
  ) {
    text += brackets.0
    for (index, element) in elements.enumerated() {
      if index > 0 { text += "," }
      text += inner ?? ""
      write(element, &text)
    }
    text += (outer ?? "") + brackets.1
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
