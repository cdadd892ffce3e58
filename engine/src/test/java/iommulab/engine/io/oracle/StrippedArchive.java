package iommulab.engine.io.oracle;

import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.function.Predicate;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/// Copies an archive without some of its entries.
final class StrippedArchive {
    private StrippedArchive() {}

    static byte[] without(byte[] archive, Predicate<String> unwanted) throws IOException {
        var copy = new ByteArrayOutputStream();
        try (var in =
                        new TarArchiveInputStream(
                                new GZIPInputStream(new ByteArrayInputStream(archive)));
                var out = new TarArchiveOutputStream(new GZIPOutputStream(copy))) {
            out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            for (var entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                if (!unwanted.test(entry.getName())) {
                    out.putArchiveEntry(entry);
                    in.transferTo(out);
                    out.closeArchiveEntry();
                }
            }
        }
        return copy.toByteArray();
    }
}
