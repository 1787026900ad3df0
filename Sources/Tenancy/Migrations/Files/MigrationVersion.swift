internal import SQLText

/// The digits before a migration's name; what a ledger records.
package struct MigrationVersion: Sendable, Hashable, CustomStringConvertible {
  /// The digits as they are written.
  package let rawValue: String

  /// The ledger's column is `varchar(128)`.
  package static let maximumLength = 128

  /// Reads a version.
  ///
  /// - Throws: `InvalidMigrationVersion` for anything but 1 to 128 ASCII digits.
  package init(parsing text: String) throws(InvalidMigrationVersion) {
    guard 1...MigrationVersion.maximumLength ~= text.utf8.count, text.utf8.allSatisfy(ASCII.isDigit) else {
      throw InvalidMigrationVersion(text: text)
    }
    rawValue = text
  }

  /// The next number, with as many digits if they suffice; `nil` if it would have too many.
  var successor: MigrationVersion? {
    var digits = Array(rawValue.utf8)
    for index in digits.indices.reversed() {
      if digits[index] < UInt8(ascii: "9") {
        digits[index] += 1
        return try? MigrationVersion(parsing: String(decoding: digits, as: UTF8.self))
      }
      digits[index] = UInt8(ascii: "0")
    }
    return try? MigrationVersion(parsing: "1" + String(decoding: digits, as: UTF8.self))
  }

  /// Whether it is 0 and so before all of these. `0` for `0000` would be a slip.
  func isBeforeAll(_ versions: [MigrationVersion]) -> Bool {
    rawValue == "0" && !versions.contains { $0.rawValue.allSatisfy { $0 == "0" } }
  }

  /// The digits as they are written.
  package var description: String { rawValue }
}

extension MigrationVersion: Comparable {
  /// By number; `1` stands before `01`, which is another version of the same number.
  package static func < (left: MigrationVersion, right: MigrationVersion) -> Bool {
    // Of two with as many digits, as most have, the text decides.
    left.rawValue.utf8.count == right.rawValue.utf8.count
      ? left.rawValue < right.rawValue : left.order < right.order
  }

  private var order: (Int, Substring, Int) {
    let digits = rawValue.drop { $0 == "0" }
    return (digits.utf8.count, digits, rawValue.utf8.count)
  }
}

extension MigrationVersion: Encodable {
  /// Encodes the digits as a string.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}

/// A text that is not a version.
package struct InvalidMigrationVersion: Error, Sendable, Hashable {
  /// The text.
  package let text: String

  /// What to write instead.
  package var hint: String {
    "a version is the digits that a file's name begins with, at most \(MigrationVersion.maximumLength)"
  }
}
