internal import Tenancy

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
  static func text(_ value: any Encodable) -> String {
    var text = ""
    write(value, to: &text)
    return text
  }

  /// Writes that text.
  static func write(_ value: any Encodable, pretty: Bool = false, to output: inout some TextOutputStream) {
    let place = JSONPlace()
    do {
      try place.put(value)
    } catch {
      preconditionFailure("our own values are representable in JSON: \(error)")
    }
    place.value.write(to: &output, indentation: pretty ? "\n" : nil)
  }

  /// - Parameter indentation: what a line begins with, its break included; `nil` writes all on one line.
  private func write(to text: inout some TextOutputStream, indentation: String?) {
    let inner = indentation.map { $0 + "  " }
    switch self {
    case .null: text.write("null")
    case .boolean(let value): text.write(value ? "true" : "false")
    case .string(let value): Self.write(value, to: &text)
    case .literal(let value): text.write(value)
    case .array(let elements) where elements.isEmpty: text.write("[]")
    case .object(let members) where members.isEmpty: text.write("{}")
    case .array(let elements):
      Self.writeList(elements, in: ("[", "]"), to: &text, indentation, inner) { element, text in
        element.write(to: &text, indentation: inner)
      }
    case .object(let members):
      let sorted = members.sorted { $0.key < $1.key }
      Self.writeList(sorted, in: ("{", "}"), to: &text, indentation, inner) { member, text in
        Self.write(member.key, to: &text)
        text.write(inner == nil ? ":" : ": ")
        member.value.write(to: &text, indentation: inner)
      }
    }
  }

  private static func writeList<Element, Output: TextOutputStream>(
    _ elements: [Element], in brackets: (String, String), to text: inout Output, _ outer: String?,
    _ inner: String?, _ write: (Element, inout Output) -> Void
  ) {
    text.write(brackets.0)
    for (index, element) in elements.enumerated() {
      if index > 0 { text.write(",") }
      if let inner { text.write(inner) }
      write(element, &text)
    }
    text.write((outer ?? "") + brackets.1)
  }

  private static func write(_ string: String, to output: inout some TextOutputStream) {
    var text = "\""
    let scalars = string.unicodeScalars
    for index in scalars.indices {
      let scalar = scalars[index]
      switch scalar {
      // As people see it: many readers of JSON take no NUL.
      case "\0": text += "\\" + VisibleText.escape(scalar, before: scalars[index...].dropFirst())
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      // DEL, C1 and the bidirectional controls are allowed (RFC 8259, 7), but a terminal would obey them.
      case _ where VisibleText.isControl(scalar):
        text += escape(scalar)
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
    output.write(text)
  }

  /// A control character of the basic plane, as all of them are.
  static func escape(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }
}
