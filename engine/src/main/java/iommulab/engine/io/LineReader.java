package iommulab.engine.io;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/// Lines of a text whose length nobody vouches for.
final class LineReader {
    private static final int MOST_CHARACTERS = 1 << 16;

    private final InputStream in;
    private final StringBuilder line = new StringBuilder();
    private int number;

    /// @param in buffered; each byte is taken as one character
    LineReader(InputStream in) {
        this.in = in;
    }

    /// Number of the line that was read last, from 1.
    int number() {
        return number;
    }

    /// The next line without its end; empty at the end of the text.
    ///
    /// @throws FileRefused if it is longer than any line that lspci prints
    Optional<String> next() throws IOException, FileRefused {
        line.setLength(0);
        int next = in.read();
        if (next < 0) {
            return Optional.empty();
        }
        number++;
        for (; next >= 0 && next != '\n'; next = in.read()) {
            if (line.length() == MOST_CHARACTERS) {
                throw new FileRefused(
                        "line " + number,
                        "is longer than 65,536 characters",
                        "Make the text anew with lspci -xxxx.");
            }
            line.append((char) next);
        }
        return Optional.of(line.toString());
    }
}
