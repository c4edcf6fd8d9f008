# Text from outside, read by its bytes: the shell's own idea of a character depends on its locale and on which shell it is.

SHOWN_CHARACTERS=60

# Sets `quoted` to what was seen, fit for one line: cut to a bounded length, and what would turn the line around or vanish
# is spelt out like a control character.
quote() {
  spell "$1" "$SHOWN_CHARACTERS" all
  quoted="\"$spelt\""
  if [ "$characters" -gt "$SHOWN_CHARACTERS" ]; then
    quoted="$quoted $(printf '\342\200\246') ($characters characters)"
  fi
}

# Sets `spelt` to the beginning of the text as a JSON string has it between its quotes, and `characters` and `units` to how
# long all of it is, in Unicode and in UTF-16. What is not UTF-8 becomes U+FFFD, as Node has it.
spell() { # text, most characters, json | all: spell out what cannot be seen, too
  spell_most=$2 spell_how=$3 spelt='' characters=0 units=0 sequence='' missing=0
  for byte in $(printf %s "$1" | od -An -v -to1); do
    if [ "$missing" -gt 0 ]; then
      case $sequence,$byte in
        # Too long a form, half of a pair, or beyond the last character.
        340,2[0-3]? | 355,2[4-7]? | 360,2[01]? | 364,2[1-7]?) ;;
        *,2??)
          sequence="$sequence $byte" missing=$((missing - 1))
          [ "$missing" -gt 0 ] || spell_character
          continue
          ;;
      esac
      spell_damage
    fi
    sequence=$byte
    case $byte in
      [01]??) spell_character ;;
      30[2-7] | 3[123]?) missing=1 ;;
      34? | 35?) missing=2 ;;
      36[0-4]) missing=3 ;;
      *) spell_damage ;;
    esac
  done
  [ "$missing" -eq 0 ] || spell_damage
  spelt=$(printf '%b.' "$spelt")
  spelt=${spelt%.}
}

spell_damage() {
  missing=0 sequence='357 277 275'
  spell_character
}

# shellcheck disable=SC2086
spell_character() { # the one in `sequence`, whose bytes are octal; `spelt` is in octal for now
  characters=$((characters + 1)) units=$((units + 1))
  case $sequence in 36?*) units=$((units + 1)) ;; esac
  [ "$characters" -le "$spell_most" ] || return 0
  case $spell_how,$sequence in
    *,042 | *,134) spelt="$spelt\\0134\\0$sequence" ;;
    *,010) spelt="$spelt\\0134b" ;;
    *,011) spelt="$spelt\\0134t" ;;
    *,012) spelt="$spelt\\0134n" ;;
    *,014) spelt="$spelt\\0134f" ;;
    *,015) spelt="$spelt\\0134r" ;;
    *,0[0-3]? | all,177) spell_number "0$sequence" ;;
    'all,302 2'[0-3]?) spell_number "0${sequence#* }" ;;
    'all,342 200 21'[3-7] | 'all,342 200 25'[0-6] | 'all,342 201 24'? | 'all,342 201 25'[01])
      set -- $sequence
      spell_number $((0x2000 + (0$2 - 0200) * 64 + 0$3 - 0200))
      ;;
    'all,357 273 277') spell_number 0xfeff ;;
    *) for each in $sequence; do spelt="$spelt\\0$each"; done ;;
  esac
}

spell_number() { spelt="$spelt\\0134u$(printf '%04x' "$1")"; }
