package iommulab.engine.io.machine;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import iommulab.engine.io.FileRefused;
import iommulab.engine.os.Software;
import iommulab.engine.os.device.DeviceTraits;
import iommulab.engine.os.device.ReservedRange;
import iommulab.engine.os.process.Capability;
import iommulab.engine.os.process.ProcessDescription;
import iommulab.engine.os.process.ProcessDescription.Buffer;
import iommulab.engine.pci.PciAddress;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/// What runs on a machine, in JSON: `{"names": {"gpu": "0000:03:00.0"}, "processes": [{"name": "qemu", …}],
/// "traits": {"0000:03:00.0": {"enforcesCoherency": false}}, "proposals": true}`.
final class SoftwareJson {
    private static final int MOST = 65_536;
    private static final int LONGEST_NAME = 100;
    private static final long PAGE = 4096;

    private SoftwareJson() {}

    // ---- write

    static JsonObject write(Software software) {
        var json = new JsonObject();
        var names = new JsonObject();
        new TreeMap<>(software.names())
                .forEach((name, address) -> names.addProperty(name, address.toString()));
        json.add("names", names);
        var processes = new JsonArray();
        software.processes().forEach(process -> processes.add(write(process)));
        json.add("processes", processes);
        var traits = new JsonObject();
        new TreeMap<>(software.traits())
                .forEach((function, its) -> traits.add(function.toString(), write(its)));
        json.add("traits", traits);
        json.addProperty("proposals", software.proposals());
        return json;
    }

    private static JsonObject write(ProcessDescription process) {
        var json = new JsonObject();
        json.addProperty("name", process.name());
        var capabilities = new JsonArray();
        process.capabilities().stream().sorted().forEach(c -> capabilities.add(c.name()));
        json.add("capabilities", capabilities);
        process.memlockPages().ifPresent(pages -> json.addProperty("memlockPages", pages));
        var memory = new JsonArray();
        process.memory().forEach(buffer -> memory.add(write(buffer)));
        json.add("memory", memory);
        return json;
    }

    private static JsonObject write(Buffer buffer) {
        var json = new JsonObject();
        json.addProperty("name", buffer.name());
        json.addProperty("bytes", Hex.text(buffer.bytes()));
        json.addProperty("writable", buffer.writable());
        json.addProperty("shared", buffer.shared());
        return json;
    }

    private static JsonObject write(DeviceTraits traits) {
        var json = new JsonObject();
        traits.pasidBits().ifPresent(bits -> json.addProperty("pasidBits", bits));
        traits.enforcesCoherency().ifPresent(it -> json.addProperty("enforcesCoherency", it));
        traits.cacheCoherent().ifPresent(it -> json.addProperty("cacheCoherent", it));
        traits.isolatedMsi().ifPresent(it -> json.addProperty("isolatedMsi", it));
        traits.tracksDirty().ifPresent(it -> json.addProperty("tracksDirty", it));
        traits.virtualFunction().ifPresent(it -> json.addProperty("virtualFunction", it));
        traits.pageRequests().ifPresent(it -> json.addProperty("pageRequests", it));
        if (!traits.reserved().isEmpty()) {
            var reserved = new JsonArray();
            for (var range : traits.reserved()) {
                var one = new JsonObject();
                one.addProperty("start", Hex.text(range.start()));
                one.addProperty("last", Hex.text(range.last()));
                one.addProperty("kind", range.kind().words());
                reserved.add(one);
            }
            json.add("reserved", reserved);
        }
        return json;
    }

    // ---- read

    static Software read(JsonNode node) throws FileRefused {
        var names = new LinkedHashMap<String, PciAddress>();
        for (var name : node.member("names").members(MOST).entrySet()) {
            names.put(name.getKey(), name.getValue().address());
        }
        var processes = new ArrayList<ProcessDescription>();
        for (var process : node.member("processes").items(1024)) {
            processes.add(process(process));
        }
        if (processes.isEmpty()) {
            throw node.member("processes").refused("at least one process runs");
        }
        return new Software(
                names, traits(node.member("traits")), processes, node.member("proposals").flag());
    }

    private static ProcessDescription process(JsonNode node) throws FileRefused {
        var limit = node.optional("memlockPages");
        var memory = new ArrayList<Buffer>();
        for (var buffer : node.member("memory").items(64)) {
            memory.add(buffer(buffer));
        }
        return new ProcessDescription(
                node.member("name").text(LONGEST_NAME),
                capabilities(node.member("capabilities")),
                limit.isPresent()
                        ? OptionalLong.of(limit.get().number(0, Integer.MAX_VALUE))
                        : OptionalLong.empty(),
                memory);
    }

    private static Set<Capability> capabilities(JsonNode node) throws FileRefused {
        var set = EnumSet.noneOf(Capability.class);
        for (var name : node.items(64)) {
            set.add(name.read("a capability such as CAP_IPC_LOCK", Capability::valueOf));
        }
        return set;
    }

    private static Buffer buffer(JsonNode node) throws FileRefused {
        long bytes = node.member("bytes").bits64();
        if (bytes <= 0 || bytes % PAGE != 0) {
            throw node.member("bytes").refused("memory comes in pages of 4096 bytes");
        }
        return new Buffer(
                node.member("name").text(LONGEST_NAME),
                bytes,
                node.member("writable").flag(),
                node.member("shared").flag());
    }

    private static Map<PciAddress, DeviceTraits> traits(JsonNode node) throws FileRefused {
        var all = new LinkedHashMap<PciAddress, DeviceTraits>();
        for (var member : node.members(MOST).entrySet()) {
            try {
                all.put(PciAddress.parse(member.getKey()), traitsOf(member.getValue()));
            } catch (IllegalArgumentException noAddress) {
                throw member.getValue().refused(String.valueOf(noAddress.getMessage()));
            }
        }
        return all;
    }

    private static DeviceTraits traitsOf(JsonNode node) throws FileRefused {
        var bits = node.optional("pasidBits");
        return new DeviceTraits(
                bits.isPresent() ? Optional.of(bits.get().number(0, 20)) : Optional.empty(),
                flag(node, "enforcesCoherency"),
                flag(node, "cacheCoherent"),
                flag(node, "isolatedMsi"),
                flag(node, "tracksDirty"),
                flag(node, "virtualFunction"),
                flag(node, "pageRequests"),
                reserved(node.optional("reserved")));
    }

    private static Optional<Boolean> flag(JsonNode node, String name) throws FileRefused {
        var flag = node.optional(name);
        return flag.isPresent() ? Optional.of(flag.get().flag()) : Optional.empty();
    }

    private static List<ReservedRange> reserved(Optional<JsonNode> node) throws FileRefused {
        var ranges = new ArrayList<ReservedRange>();
        if (node.isPresent()) {
            for (var item : node.get().items(64)) {
                ranges.add(
                        new ReservedRange(
                                item.member("start").bits64(),
                                item.member("last").bits64(),
                                item.member("kind")
                                        .read(
                                                "reserved, msi, sw_msi, direct or direct_relaxable",
                                                text ->
                                                        ReservedRange.Kind.valueOf(
                                                                text.toUpperCase(Locale.ROOT)))));
            }
        }
        return ranges;
    }
}
