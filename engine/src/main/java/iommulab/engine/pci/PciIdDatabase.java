package iommulab.engine.pci;

import iommulab.engine.pci.PciFunction.PciIds;

import org.jspecify.annotations.Nullable;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;

/// The PCI ID database: `pci.ids`. The text is read at the first question, a vendor's part of it when
/// the vendor is first asked for.
///
/// Layout: `8086  vendor`, below it `<tab>10fb  device`, below it `<tab><tab>8086 0003  subsystem`;
/// `C 06  class`, `<tab>04  subclass`, `<tab><tab>00  interface`; `#` begins a remark.
/// May be asked from any thread.
final class PciIdDatabase implements DeviceNames {
    private static final int MOST_BYTES = 64 << 20;

    private final Source source;
    private final Map<String, Part> parts = new ConcurrentHashMap<>();
    private volatile @Nullable Text text;

    PciIdDatabase(Source source) {
        this.source = source;
    }

    /// The whole text, and where the part of each vendor and class begins.
    private record Text(String all, Map<String, Integer> starts, String problem) {}

    /// @param name of the vendor or class
    /// @param names of what is below it, by their numbers, such as `10fb` or `10fb 8086 0003`
    private record Part(String name, Map<String, String> names) {
        static final Part UNKNOWN = new Part("", Map.of());
    }

    @Override
    public String vendor(int vendor) {
        String id = "%04x".formatted(vendor);
        return named(part(id).name(), () -> "[%s]".formatted(id));
    }

    @Override
    public String device(int vendor, int device) {
        String id = "%04x".formatted(device);
        String name = part("%04x".formatted(vendor)).names().getOrDefault(id, "");
        return named(name, () -> "[%04x:%s]".formatted(vendor, id));
    }

    @Override
    public String subsystem(PciIds ids) {
        if (ids.subsystemVendor() == 0 && ids.subsystemDevice() == 0) {
            return "";
        }
        String id =
                "%04x %04x %04x"
                        .formatted(ids.device(), ids.subsystemVendor(), ids.subsystemDevice());
        String name = part("%04x".formatted(ids.vendor())).names().getOrDefault(id, "");
        return named(
                name, () -> "[%04x:%04x]".formatted(ids.subsystemVendor(), ids.subsystemDevice()));
    }

    @Override
    public String classOf(int classCode) {
        var part = part("C %02x".formatted(classCode >>> 16));
        String subclass = "%02x".formatted(classCode >>> 8 & 0xff);
        String number = "[%04x]".formatted(classCode >>> 8);
        return named(
                part.names().getOrDefault(subclass, ""),
                () -> part.name().isEmpty() ? number : part.name() + " " + number);
    }

    @Override
    public String programmingInterface(int classCode) {
        return part("C %02x".formatted(classCode >>> 16))
                .names()
                .getOrDefault("%02x %02x".formatted(classCode >>> 8 & 0xff, classCode & 0xff), "");
    }

    @Override
    public String problem() {
        return text().problem();
    }

    private static String named(String name, Supplier<String> number) {
        return name.isEmpty() ? number.get() : name;
    }

    private Part part(String id) {
        return parts.computeIfAbsent(id, this::readPart);
    }

    private Part readPart(String id) {
        var known = text();
        var start = known.starts().get(id);
        if (start == null) {
            return Part.UNKNOWN;
        }
        int end = known.all().indexOf('\n', start);
        String name = nameIn(known.all().substring(start, end), id.length());
        var names = new HashMap<String, String>();
        String above = "";
        for (int at = end + 1; at < known.all().length(); at = end + 1) {
            end = known.all().indexOf('\n', at);
            String line = known.all().substring(at, end);
            if (line.startsWith("\t\t")) {
                int gap = line.indexOf("  ");
                if (gap > 0) {
                    names.put(above + " " + line.substring(2, gap), nameIn(line, gap));
                }
            } else if (line.startsWith("\t")) {
                int gap = Math.max(1, line.indexOf("  "));
                above = line.substring(1, gap);
                names.put(above, nameIn(line, gap));
            } else if (!line.isBlank() && !line.startsWith("#")) {
                break;
            }
        }
        return new Part(name, Map.copyOf(names));
    }

    private static String nameIn(String line, int from) {
        return line.substring(Math.min(from, line.length())).strip();
    }

    private synchronized Text text() {
        var known = text;
        if (known == null) {
            known = load();
            text = known;
        }
        return known;
    }

    private Text load() {
        try (InputStream in = plain(source.open())) {
            var bytes = in.readNBytes(MOST_BYTES);
            // So that every line has an end.
            String all = new String(bytes, StandardCharsets.UTF_8) + "\n";
            return new Text(all, starts(all), "");
        } catch (IOException unreadable) {
            return new Text(
                    "\n",
                    Map.of(),
                    "The names of devices cannot be read: " + unreadable.getMessage());
        }
    }

    private static InputStream plain(InputStream in) throws IOException {
        var buffered = new BufferedInputStream(in, 1 << 16);
        buffered.mark(2);
        boolean gzip = buffered.read() == 0x1f && buffered.read() == 0x8b;
        buffered.reset();
        return gzip ? new GZIPInputStream(buffered) : buffered;
    }

    private static Map<String, Integer> starts(String all) {
        var starts = new HashMap<String, Integer>();
        for (int at = 0; at < all.length(); at = all.indexOf('\n', at) + 1) {
            char first = all.charAt(at);
            if (first != '\t' && first != '#' && first != '\n') {
                int gap = all.indexOf("  ", at);
                if (gap > at && gap - at <= 4) {
                    starts.putIfAbsent(all.substring(at, gap), at);
                }
            }
        }
        return starts;
    }
}
