/// Completion for fish 3.1 and later.
public enum FishCompletion {
  /// The script, to be put into `completions/PROGRAM.fish`, or sourced.
  public static func script<Action>(for tree: CommandTree<Action>) -> String {
    let root = Scope(tree)
    let paths = root.visible.flatMap(\.fishPaths).map(\.fishQuoted).joined(separator: " ")
    let valued = root.visible.flatMap(\.fishValuedOptions).map(\.fishQuoted).joined(separator: " ")
    // Fish adds up what it finds: an option that a command narrows is offered only where no command does.
    let narrowed = root.globalOptions.filter { option in
      root.visibleDescendants.contains { $0.command.options.contains { $0.narrows(option) } }
    }
    let rows =
      root.globalOptions.filter { !narrowed.contains($0) }.map {
        "complete -c @name@ \($0.fishOption.joined(separator: " "))"
      } + root.visible.flatMap { $0.fishRows(beside: narrowed) }
    return template.replacing("@rows@", with: rows.joined(separator: "\n"))
      .replacing("@paths@", with: paths).replacing("@valued@", with: valued)
      .replacing("@name@", with: tree.name).replacing("@id@", with: tree.name.asIdentifier)
  }

  private static let template = #"""
    # fish completion for @name@, generated from its command tree

    # Whether the command so far is $argv[1], and the number of its arguments is as the test
    # in $argv[2..] says: "eq 1", "ge 0".
    function __@id@_at
        set -l paths @paths@
        set -l valued @valued@
        set -l path
        set -l count 0
        set -l pending
        set -l verbatim
        set -l words (commandline -opc)
        for word in $words[2..-1]
            if test -n "$pending"
                set pending
            else if test -z "$verbatim"; and test "$word" = --
                set verbatim yes
                contains -- "$path --" $paths; and set path "$path" --
            else if test -z "$verbatim"; and string match -q -- '--*' $word
                contains -- $word $valued; or contains -- "$path $word" $valued; and set pending yes
            else if test -z "$verbatim"; and string match -q -- '-?*' $word
                set -l letters (string split '' -- $word)[2..-1]
                while set -q letters[1]
                    set -l option -$letters[1]
                    set -e letters[1]
                    if contains -- $option $valued; or contains -- "$path $option" $valued
                        set -q letters[1]; or set pending yes
                        break
                    end
                end
            else if contains -- (string trim -- "$path $word") $paths
                set path $path $word
            else
                set count (math $count + 1)
            end
        end
        test "$path" = "$argv[1]"; and begin
            not set -q argv[2]; or test $count -$argv[2] $argv[3]
        end
    end

    # The names of the kind $argv[1].
    function __@id@_ask
        set -l words
        for word in (commandline -opc) (commandline -ct)
            if set -l match (string match -r -- '^((?:--[^=]*=)?)\$(\w+)$' $word)
                set word $match[2]$$match[3]
            end
            set -a words (string replace -r -- '^~/' ~/ $word)
        end
        type -q $words[1]
        and set -l names ($words[1] __complete $argv[1] -- $words[2..-1] 2>/dev/null)
        and printf '%s\n' $names
    end

    complete -c @name@ -f
    @rows@

    """#
}

extension Scope {
  private var words: String { path.joined(separator: " ") }

  /// The commands that a word, or `--`, can lead to.
  fileprivate var fishPaths: [String] { (path.isEmpty ? [] : [words]) + (hasTrailing ? ["\(words) --"] : []) }

  /// The options that take a value, after the path of the command unless they hold everywhere.
  fileprivate var fishValuedOptions: [String] {
    let known = groups.first?.options ?? []
    let options = path.isEmpty ? command.options : localOptions
    return options.filter { option in option.placeholder != nil && !known.contains { option.narrows($0) } }
      .flatMap(\.spellings)
      .map { path.isEmpty ? $0 : "\(words) \($0)" }
  }

  fileprivate func fishRows(beside narrowed: [Declaration]) -> [String] {
    let commands = visibleSubcommands.map {
      row(["-a \($0.name)", "-d \($0.summary.withoutFullStop.fishQuoted)"], while: "eq 0")
    }
    let options = (localOptions + narrowed.filter(globalOptions.contains)).map { row($0.fishOption) }
    let arguments = leadingArguments.enumerated().filter { $1.completion != .none }.map { index, argument in
      row(argument.completion.fishValue, while: "\(argument.isRepeatedArgument ? "ge" : "eq") \(index)")
    }
    return commands + options + arguments + (hasTrailing ? [row(["-F"], after: "\(words) --")] : [])
  }

  /// A rule that holds after the command and, where there is a test, while its arguments are that many.
  private func row(_ rule: [String], while test: String? = nil, after words: String? = nil) -> String {
    let condition = ["__@id@_at '\(words ?? self.words)'", test].compactMap(\.self).joined(separator: " ")
    return "complete -c @name@ -n \"\(condition)\" \(rule.joined(separator: " "))"
  }
}

extension Declaration {
  fileprivate var fishOption: [String] {
    (short.map { ["-s \($0)"] } ?? []) + ["-l \(name)"]
      + (placeholder == nil ? [] : ["-r"] + completion.fishValue) + [
        "-d \(summary.withoutFullStop.fishQuoted)"
      ]
  }
}

extension Completion {
  fileprivate var fishValue: [String] {
    switch self {
    case .none: ["-f"]
    case .files(extensions: []): ["-F"]
    case .files(let extensions):
      ["-f", "-a", extensions.map { "(__fish_complete_suffix .\($0))" }.joined(separator: " ").fishQuoted]
    case .directories: ["-f", "-a", "'(__fish_complete_directories (commandline -ct))'"]
    case .choices(let words): ["-f", "-a", words.joined(separator: " ").fishQuoted]
    case .dynamic(let kind): ["-f", "-a", "'(__@id@_ask \(kind))'"]
    }
  }
}

extension String {
  fileprivate var fishQuoted: String {
    "'\(replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
  }
}
