package iommulab.engine.io;

import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;

/// Makes archives for tests, honest ones and others.
final class TarFile {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8");

    TarFile() {
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_STAR);
    }

    TarFile file(String path, byte[] content) {
        var entry = new TarArchiveEntry(path, true);
        entry.setSize(content.length);
        return put(entry, content);
    }

    TarFile file(String path, String content) {
        return file(path, content.getBytes(StandardCharsets.UTF_8));
    }

    TarFile link(String path, String target) {
        var entry = new TarArchiveEntry(path, TarConstants.LF_SYMLINK, true);
        entry.setLinkName(target);
        return put(entry, new byte[0]);
    }

    TarFile special(String path, byte kind) {
        return put(new TarArchiveEntry(path, kind, true), new byte[0]);
    }

    /// The name of the next entry, as GNU tar writes it if it does not fit.
    TarFile longName(byte[] name) {
        var entry =
                new TarArchiveEntry(TarConstants.GNU_LONGLINK, TarConstants.LF_GNUTYPE_LONGNAME);
        entry.setSize(name.length);
        return put(entry, name);
    }

    /// A function with a link, ids and 64 configuration bytes.
    ///
    /// @param path below `sys/devices`, such as `pci0000:00/0000:00:02.0`
    TarFile function(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        var config = new byte[64];
        config[0] = (byte) 0x86;
        config[1] = (byte) 0x80;
        return link("sys/bus/pci/devices/" + name, "../../../devices/" + path)
                .file("sys/devices/" + path + "/vendor", "0x8086\n")
                .file("sys/devices/" + path + "/config", config);
    }

    private TarFile put(TarArchiveEntry entry, byte[] content) {
        try {
            tar.putArchiveEntry(entry);
            tar.write(content);
            tar.closeArchiveEntry();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    byte[] unpacked() {
        try {
            tar.finish();
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    byte[] packed() {
        return gzip(unpacked());
    }

    static byte[] gzip(byte[] content) {
        var out = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(out)) {
            gzip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    static MachineCapture read(byte[] archive) throws FileRefused {
        return SysfsArchive.read(new ByteArrayInputStream(archive), archive.length, Progress.NONE);
    }
}
