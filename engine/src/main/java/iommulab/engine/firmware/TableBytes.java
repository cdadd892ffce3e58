package iommulab.engine.firmware;

import java.util.ArrayList;
import java.util.List;

/// The bytes of one ACPI table behind its checked header, read little-endian. A read past the end
/// gives zeros, so that a reader checks lengths once, where a structure starts.
final class TableBytes {
    static final int HEADER_BYTES = 36;
    private final byte[] bytes;
    private final int end;
    private final String signature;
    private final List<String> problems = new ArrayList<>();

    /// Checks signature, length and checksum.
    ///
    /// @param signature four letters
    TableBytes(byte[] raw, String signature) {
        this.bytes = raw.clone();
        this.signature = signature;
        this.end = checkedEnd();
    }

    private int checkedEnd() {
        if (bytes.length < HEADER_BYTES) {
            problem("has %d bytes; an ACPI table has at least 36".formatted(bytes.length));
            return 0;
        }
        for (int i = 0; i < 4; i++) {
            if (bytes[i] != signature.charAt(i)) {
                problem("does not start with its signature");
                return 0;
            }
        }
        int stated = i32(bytes, 4);
        if (stated < HEADER_BYTES || stated > bytes.length) {
            problem(
                    "states a length of %d bytes; %d are there"
                            .formatted(Integer.toUnsignedLong(stated), bytes.length));
        }
        int length = stated < HEADER_BYTES || stated > bytes.length ? bytes.length : stated;
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += bytes[i];
        }
        if ((sum & 0xff) != 0) {
            problem("has a wrong checksum (the bytes add up to 0x%02x)".formatted(sum & 0xff));
        }
        return length;
    }

    /// Notes what is wrong with the table.
    ///
    /// @param what continues "The DMAR table …"
    void problem(String what) {
        problems.add("The %s table %s.".formatted(signature, what));
    }

    List<String> problems() {
        return problems;
    }

    /// Offset behind the last byte; 0 if the table cannot be read at all.
    int end() {
        return end;
    }

    int u8(int offset) {
        return offset >= 0 && offset < end ? bytes[offset] & 0xff : 0;
    }

    int u16(int offset) {
        return u8(offset) | u8(offset + 1) << 8;
    }

    int i32(int offset) {
        return u16(offset) | u16(offset + 2) << 16;
    }

    long i64(int offset) {
        return Integer.toUnsignedLong(i32(offset)) | (long) i32(offset + 4) << 32;
    }

    private static int i32(byte[] bytes, int offset) {
        return (bytes[offset] & 0xff)
                | (bytes[offset + 1] & 0xff) << 8
                | (bytes[offset + 2] & 0xff) << 16
                | bytes[offset + 3] << 24;
    }

    /// Whether a structure at `offset` can have this length; if not, that is noted and reading ends.
    boolean fits(int offset, int length, int least, int limit) {
        if (length < least || offset + length > limit) {
            problem(
                    "has a structure at 0x%x of %d bytes, where %d to %d are possible"
                            .formatted(offset, length, least, Math.max(0, limit - offset)));
            return false;
        }
        return true;
    }
}
