package iommulab.engine.io;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// Counts what is read, and stops a bomb: more than 512 MiB in all, or 1 MiB for the header of one
/// archive entry.
final class MeteredStream extends FilterInputStream {
    static final long MOST_BYTES = 512L << 20;
    private static final String TOO_MUCH = "unpacks to more than 512 MiB";
    private static final long MOST_HEADER_BYTES = 1L << 20;

    private long count;
    private long limit = MOST_BYTES;

    MeteredStream(InputStream in) {
        super(in);
    }

    /// Bytes read so far.
    long count() {
        return count;
    }

    /// From here on an entry's header is read.
    void beginHeader() {
        limit = Math.min(MOST_BYTES, count + MOST_HEADER_BYTES);
    }

    /// From here on an entry's data are read.
    ///
    /// @param bytes as its header says
    /// @throws TooLong if they would be too many, before any of them is unpacked
    void beginData(long bytes) throws TooLong {
        if (bytes > MOST_BYTES - count) {
            throw new TooLong(TOO_MUCH);
        }
        limit = MOST_BYTES;
    }

    @Override
    public int read() throws IOException {
        int next = super.read();
        add(next < 0 ? 0 : 1);
        return next;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        int got = super.read(into, offset, length);
        add(Math.max(0, got));
        return got;
    }

    @Override
    public long skip(long bytes) throws IOException {
        long skipped = super.skip(bytes);
        add(skipped);
        return skipped;
    }

    private void add(long bytes) throws TooLong {
        count += bytes;
        if (count > limit) {
            throw new TooLong(count > MOST_BYTES ? TOO_MUCH : "has a header of more than 1 MiB");
        }
    }

    /// More was to be read than an honest archive holds.
    static final class TooLong extends IOException {
        private static final long serialVersionUID = 1;

        TooLong(String rule) {
            super(rule);
        }

        String rule() {
            return String.valueOf(getMessage());
        }
    }
}
