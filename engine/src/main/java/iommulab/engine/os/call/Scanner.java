package iommulab.engine.os.call;

/// Reads the text of calls and values from the left: words, words in quotes, single characters. White space
/// before any of them is passed over.
public final class Scanner {
    /// The text goes on otherwise than expected.
    public static final class Unexpected extends IllegalArgumentException {
        private static final long serialVersionUID = 1;
        private final int place;

        private Unexpected(String message, int place) {
            super(message);
            this.place = place;
        }

        /// Index of the character at which reading stopped.
        public int place() {
            return place;
        }
    }

    private final String text;
    private final String noWordPart;
    private int at;

    /// @param noWordPart characters that end a word, besides white space
    public Scanner(String text, String noWordPart) {
        this.text = text;
        this.noWordPart = noWordPart;
    }

    /// Index of the next character.
    public int at() {
        return at;
    }

    /// The next character as it stands; a closing bracket at the end.
    public char peek() {
        return at < text.length() ? text.charAt(at) : ')';
    }

    /// Takes a character if it is the next.
    public boolean next(char c) {
        skipSpaces();
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    public void expect(char c) {
        if (!next(c)) {
            throw unexpected("'" + c + "'");
        }
    }

    public void expectEnd() {
        skipSpaces();
        if (at < text.length()) {
            throw unexpected("the end");
        }
    }

    public void skipSpaces() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    /// @param expected what the word would be, should there be none
    public String word(String expected) {
        skipSpaces();
        int start = at;
        while (at < text.length() && isWordPart(text.charAt(at))) {
            at++;
        }
        if (at == start) {
            throw unexpected(expected);
        }
        return text.substring(start, at);
    }

    private boolean isWordPart(char c) {
        return !Character.isWhitespace(c) && noWordPart.indexOf(c) < 0;
    }

    /// A word in quotes, which are next; `\"`, `\\` and `\n` inside.
    public String quoted() {
        var word = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                return word.toString();
            }
            if (c == '\\' && at + 1 < text.length()) {
                c = text.charAt(++at) == 'n' ? '\n' : text.charAt(at);
            }
            word.append(c);
        }
        throw unexpected("a closing \"");
    }

    /// A list or fields, whose bracket is next, as text up to the bracket that closes it.
    public String nested() {
        int start = at;
        int depth = 0;
        do {
            if (at == text.length()) {
                throw unexpected("a closing bracket");
            }
            switch (text.charAt(at)) {
                case '"' -> {
                    quoted();
                    at--;
                }
                case '[', '{' -> depth++;
                case ']', '}' -> depth--;
                default -> {}
            }
            at++;
        } while (depth > 0);
        return text.substring(start, at);
    }

    /// @param expected in words
    public Unexpected unexpected(String expected) {
        var found = at < text.length() ? "'" + text.charAt(at) + "'" : "the end";
        return new Unexpected(
                "at character %d stands %s, expected %s".formatted(at + 1, found, expected), at);
    }
}
