package iommulab.engine.io.machine;

import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;

/// Passes on characters until there are too many.
final class LimitedReader extends FilterReader {
    private long left;

    LimitedReader(Reader text, long most) {
        super(text);
        this.left = most;
    }

    @Override
    public int read() throws IOException {
        return count(super.read(), 1);
    }

    @Override
    public int read(char[] into, int start, int length) throws IOException {
        int read = super.read(into, start, length);
        return count(read, read);
    }

    private int count(int result, int characters) throws TooLong {
        left -= result < 0 ? 0 : characters;
        if (left < 0) {
            throw new TooLong();
        }
        return result;
    }

    /// There are more characters than allowed.
    static final class TooLong extends IOException {
        private static final long serialVersionUID = 1;
    }
}
