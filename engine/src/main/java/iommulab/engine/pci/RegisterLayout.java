package iommulab.engine.pci;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// One register of a capability as the specification's bit table: the same table decodes it and
/// encodes it. Every bit belongs to exactly one field.
///
/// @param name the specification's name
/// @param offset in bytes from the start of the capability
/// @param widthBytes 1, 2 or 4
/// @param fields from the highest bit down
public record RegisterLayout(String name, int offset, int widthBytes, List<BitField> fields) {
    private static final Pattern REGISTER = Pattern.compile("([0-9a-f]+) (8|16|32) (.+)");
    private static final Pattern FIELD =
            Pattern.compile("(\\d+)(?::(\\d+))? +(ro|rw|w1c|--) *([^|]*)(?:\\|(.*))?");
    private static final Pattern NAMED = Pattern.compile("(\\d+) (.+)");

    /// @throws IllegalArgumentException if bits are missing, overlap or do not fit
    public RegisterLayout {
        fields = List.copyOf(fields);
        int next = widthBytes * 8 - 1;
        for (var field : fields) {
            if (field.high() != next) {
                throw new IllegalArgumentException(
                        "%s: %s starts at bit %d, not %d"
                                .formatted(name, field.name(), field.high(), next));
            }
            next = field.low() - 1;
        }
        if (next != -1) {
            throw new IllegalArgumentException("%s: bits %d:0 are missing".formatted(name, next));
        }
    }

    /// Reads tables written as
    /// ```
    /// 02 16 Message Control
    ///   15:1 --
    ///   0    rw MSI Enable | 0 off | 1 on
    /// ```
    /// offset in hex and width in bits of the register, then its fields: bits, access, name, meanings.
    static List<RegisterLayout> table(String text) {
        var registers = new ArrayList<RegisterLayout>();
        var fields = new ArrayList<BitField>();
        for (String line : text.lines().toList().reversed()) {
            var register = REGISTER.matcher(line);
            if (register.matches()) {
                registers.add(
                        new RegisterLayout(
                                register.group(3),
                                Integer.parseInt(register.group(1), 16),
                                Integer.parseInt(register.group(2)) / 8,
                                fields.reversed()));
                fields.clear();
            } else if (!line.isBlank()) {
                fields.add(field(line.strip()));
            }
        }
        return List.copyOf(registers.reversed());
    }

    private static BitField field(String line) {
        var match = FIELD.matcher(line);
        if (!match.matches()) {
            throw new IllegalArgumentException("'%s' is no row of a bit table".formatted(line));
        }
        int high = Integer.parseInt(match.group(1));
        int low = match.group(2) == null ? high : Integer.parseInt(match.group(2));
        var meanings = new HashMap<Long, String>();
        String otherwise = "";
        String texts = match.group(5) == null ? "" : match.group(5);
        for (String text : texts.split("\\|")) {
            var named = NAMED.matcher(text.strip());
            if (named.matches()) {
                meanings.put(Long.parseLong(named.group(1)), named.group(2));
            } else {
                otherwise = text.strip();
            }
        }
        return new BitField(
                match.group(4).strip(), high, low, access(match.group(3)), meanings, otherwise);
    }

    private static BitField.Access access(String sign) {
        for (var access : BitField.Access.values()) {
            if (access.sign().equals(sign)) {
                return access;
            }
        }
        throw new IllegalArgumentException(sign);
    }

    /// The same register elsewhere.
    RegisterLayout at(String name, int offset) {
        return new RegisterLayout(name, offset, widthBytes, fields);
    }

    /// The same register whose fields are accessed in another way (reserved bits stay so).
    RegisterLayout as(String name, int offset, BitField.Access access) {
        return new RegisterLayout(
                name,
                offset,
                widthBytes,
                fields.stream()
                        .map(f ->
                                f.access() == BitField.Access.RESERVED
                                        ? f
                                        : new BitField(
                                                f.name(), f.high(), f.low(), access, Map.of(), ""))
                        .toList());
    }
}
