/// What a shell offers for a parameter's value.
public enum Completion: Sendable, Equatable {
  /// Nothing: the value is free text.
  case none
  /// Files whose names end in one of the extensions (without the dot; none means every file), and
  /// directories.
  case files(extensions: [String] = [])
  /// Directories only.
  case directories
  /// A fixed set of words. Help and man pages list them.
  case choices([String])
  /// Words that exist only at run time: the shell asks `PROGRAM __complete KIND -- WORDS...`, where `KIND` is
  /// the associated value and `WORDS` is what has been typed so far, and offers the lines it prints.
  case dynamic(String)
}
