extension String {
  /// How many columns a terminal takes for the text, which is on one line: none for a mark that stands over the character before
  /// it, two for those of East Asia and for emoji (Unicode Standard Annex 11 "East Asian Width"). By scalars, as psql counts:
  /// few terminals draw an emoji of several scalars as one.
  var displayWidth: Int {
    if utf8.allSatisfy({ $0 < 0x80 }) { return utf8.count }
    return unicodeScalars.reduce(0) { $0 + $1.displayWidth }
  }
}

extension Unicode.Scalar {
  fileprivate var displayWidth: Int {
    if value < 0x300 { return 1 }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: return isWide ? 2 : 1
    }
  }

  /// Those of the property's values W and F, in the blocks that have only such. The letters that stand for a country are two
  /// columns in pairs.
  private var isWide: Bool {
    switch value {
    case 0x1F1E6...0x1F1FF: false
    case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97C,
      0xAC00...0xD7A3,
      0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF,
      0x1AFF0...0x1B2FB, 0x1F200...0x1F265, 0x20000...0x3FFFD:
      true
    default: properties.isEmojiPresentation
    }
  }
}
