/// Completion for bash 3.2 and later, on its own: the bash-completion package is not needed.
public enum BashCompletion {
  /// The script, to be sourced or put where bash-completion looks.
  public static func script<Action>(for tree: CommandTree<Action>) -> String {
    let root = Scope(tree)
    let global = root.globalOptions.flatMap(\.bashOptions).joined(separator: " ")
    let rows = root.visible.flatMap(\.bashRows).joined(separator: "\n")
    return template.replacing("@rows@", with: rows).replacing("@global@", with: global)
      .replacing("@name@", with: tree.name).replacing("@id@", with: tree.name.asIdentifier)
  }

  private static let template = #"""
    # bash completion for @name@, generated from its command tree

    # What may be typed after the command $1. An option that takes a value is followed by = and the
    # kind of value; an argument that repeats ends in +.
    _@id@_grammar() {
      case $1 in
    @rows@
      *) return 1 ;;
      esac
      options=" $options @global@ "
    }

    _@id@() {
      local IFS=$' \t\n' words=() line=${COMP_LINE:0:COMP_POINT} current i
      # Readline splits at : and = too; whatever no blank parts is one word.
      for ((i = 0; i <= COMP_CWORD; i++)); do
        current=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || current=${line#"${line%%[![:blank:]]*}"}
        if [[ $i -gt 0 && $line != [[:blank:]]* ]]; then
          words[${#words[@]} - 1]+=$current
        else
          words+=("$current")
        fi
        line=${line#*"$current"}
      done
      i=$((${#words[@]} - 1))
      current=${words[i]}

      local commands options arguments path='' kind='' verbatim='' count=0 word
      _@id@_grammar ''
      for word in "${words[@]:1:i - 1}"; do
        if [[ $kind ]]; then
          kind=''
        elif [[ ! $verbatim && $word == -- ]]; then
          verbatim=1
          _@id@_grammar "$path --" && path+=' --'
        elif [[ ! $verbatim && $word == -?* ]]; then
          _@id@_pending "$word"
        elif _@id@_grammar "${path:+$path }$word"; then
          path+=${path:+ }$word
        else
          ((++count))
        fi
      done

      COMPREPLY=()
      if [[ $kind ]]; then
        _@id@_offer "$kind" "$current"
      elif [[ ! $verbatim && $current == --*=* ]]; then
        _@id@_kind "${current%%=*}" && _@id@_offer "$kind" "${current#*=}" "${current%%=*}="
      elif [[ ! $verbatim && $current == -* ]]; then
        for word in $options; do
          [[ $word == "$current"* ]] && COMPREPLY+=("${word%%=*}")
        done
      elif [[ $commands ]]; then
        ((count)) || _@id@_offer "words:$commands" "$current"
      else
        for kind in $arguments ''; do
          [[ $kind == *+ ]] || ((count-- == 0)) && break
        done
        _@id@_offer "${kind%+}" "$current"
      fi

      # Readline replaces only what follows the last break character; of these, an @ stays with what comes after it.
      local breaks=${COMP_WORDBREAKS//[^:=]/} kept=''
      [[ ! $breaks ]] || kept=${current%"${current##*[$breaks]}"}
      [[ $COMP_WORDBREAKS != *@* || ${current#"$kept"} != *@* ]] || kept=${current%@*}
      [[ ! $kept ]] || COMPREPLY=("${COMPREPLY[@]#"$kept"}")
    }

    # The kind of value that the option $1 takes.
    _@id@_kind() {
      kind=${options#*" $1="}
      [[ $kind != "$options" ]] && kind=${kind%% *} && return
      kind=''
      return 1
    }

    # The kind of value that is still to come after the option or the cluster $1.
    _@id@_pending() {
      local i
      if [[ $1 == --* ]]; then
        _@id@_kind "$1"
      else
        for ((i = 1; i < ${#1}; i++)); do
          _@id@_kind "-${1:i:1}" && break
        done
        ((i == ${#1} - 1)) || kind=''
      fi
    }

    # Values of the kind $1 that start with $2, each after $3.
    _@id@_offer() {
      local lines='' line plain value typed=()
      _@id@_plain "$2"
      value=$plain
      case $1 in
      words:*) lines=${1#words:} lines=${lines//[, ]/$'\n'} ;;
      ask:*)
        for line in "${words[@]}"; do
          _@id@_plain "$line"
          typed+=("$plain")
        done
        lines=$("${typed[0]}" __complete "${1#ask:}" -- "${typed[@]:1}" 2>/dev/null) || return
        ;;
      files*)
        compopt -o filenames -o default 2>/dev/null
        lines=${1#files} lines=${lines#:}
        for line in ${lines//,/ }; do
          typed+=("$(compgen -f -X "!*.$line" -- "$value")")
        done
        [[ $lines ]] && typed+=("$(compgen -d -- "$value")") || typed=("$(compgen -f -- "$value")")
        printf -v lines '%s\n' "${typed[@]}"
        ;;
      directories)
        compopt -o filenames 2>/dev/null
        lines=$(compgen -d -- "$value")
        ;;
      esac
      while IFS= read -r line; do
        [[ $line && $line == "$value"* ]] || continue
        [[ $1 != ask:* ]] || _@id@_quote "$2" "$line"
        COMPREPLY+=("$3$line")
      done <<<"$lines"
    }

    # Sets line to the text $2 as it has to stand in a command where $1 was typed: a name that somebody else chose
    # is a single word, and none of the shell's.
    _@id@_quote() {
      case $1 in
      \'*) line=${2//\'/\'\\\'\'} ;;
      \"*) line=${2//\\/\\\\} line=${line//\"/\\\"} line=${line//\$/\\\$} line=${line//\`/\\\`} ;;
      *) printf -v line %q "$2" ;;
      esac
    }

    # The word $1 as the program would get it: without its quotes, and a lone variable looked up.
    _@id@_plain() {
      plain=${1//[\"\'\\]/}
      if [[ $1 != *\'* && $plain =~ ^(--[^=]*=)?\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$ ]]; then
        plain=${BASH_REMATCH[1]}${!BASH_REMATCH[2]}
      fi
      plain=${plain/#'~/'/$HOME/}
    }

    complete -F _@id@ @name@

    """#
}

extension Scope {
  /// The lines of the script's table: the command's own, and what may follow its `--`.
  fileprivate var bashRows: [String] {
    let commands = visibleSubcommands.map(\.name).joined(separator: " ")
    let options = localOptions.flatMap(\.bashOptions).joined(separator: " ")
    let arguments = leadingArguments.map { $0.completion.bashKind + ($0.isRepeatedArgument ? "+" : "") }
    let path = path.joined(separator: " ")
    let row =
      "  '\(path)') commands='\(commands)' options='\(options)' arguments='\(arguments.joined(separator: " "))' ;;"
    return [row] + (hasTrailing ? ["  '\(path) --') commands='' options='' arguments='files+' ;;"] : [])
  }
}

extension Declaration {
  fileprivate var bashOptions: [String] {
    spellings.map { placeholder == nil ? $0 : "\($0)=\(completion.bashKind)" }
  }
}

extension Completion {
  fileprivate var bashKind: String {
    switch self {
    case .none: "none"
    case .files(let extensions): extensions.isEmpty ? "files" : "files:\(extensions.joined(separator: ","))"
    case .directories: "directories"
    case .choices(let words): "words:\(words.joined(separator: ","))"
    case .dynamic(let kind): "ask:\(kind)"
    }
  }
}
