package iommulab.engine.io.oracle;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import iommulab.engine.firmware.AcpiTables;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.iommu.vtd.VtdCapabilities;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.os.Software;
import iommulab.engine.os.device.DeviceTraits;
import iommulab.engine.os.device.ReservedRange;
import iommulab.engine.os.process.Capability;
import iommulab.engine.os.process.ProcessDescription;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciFunction.PciIds;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.MachineDescription;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/// The machine of a scenario, built so that the rules of grouping give the groups that the scenario wants:
/// each group is one device of the root bus, its members are functions that cannot be kept apart.
final class ScenarioMachine {
    private static final long REGISTERS = 0xfed9_0000L;
    private static final PciAddress HOST_BRIDGE = new PciAddress(0, 0, 0, 0);

    private final JsonObject topology;
    private final List<PciFunction> functions = new ArrayList<>();
    private final Map<String, PciAddress> names = new HashMap<>();
    private final Map<PciAddress, DeviceTraits> traits = new HashMap<>();
    private final Map<String, List<DmarBytes.Scope>> scopes = new HashMap<>();
    private final DmarBytes dmar = new DmarBytes();

    private ScenarioMachine(JsonObject topology) {
        this.topology = topology;
    }

    /// @throws IllegalArgumentException if it is no machine of a scenario; the message names the member
    static MachineDescription of(String name, JsonObject topology, boolean proposals) {
        return new ScenarioMachine(topology).build(name, proposals);
    }

    private MachineDescription build(String name, boolean proposals) {
        var kinds = Json.object(topology, "iommus").asMap();
        if (kinds.isEmpty()) {
            throw new IllegalArgumentException("'iommus' names no IOMMU");
        }
        var first = kinds.keySet().iterator().next();
        kinds.keySet().forEach(unit -> scopes.put(unit, new ArrayList<>()));
        scopesOf(first).add(new DmarBytes.Scope(0));
        functions.add(function(HOST_BRIDGE, 0x060000, false, Optional.empty(), 0));
        var groups = Json.array(topology, "groups");
        for (var group : groups) {
            addGroup(group.getAsJsonObject(), first);
        }
        int slot = groups.size() + 1;
        for (var device : array(topology, "ungrouped")) {
            add(device.getAsJsonObject(), new PciAddress(0, 0, slot++, 0), false);
        }
        boolean served = !groups.isEmpty();
        return new MachineDescription(
                name,
                "scenario",
                topology.has("desc") ? Json.text(topology, "desc") : "",
                "7.2.0",
                "intel_iommu=on,sm_on",
                new PciTopology(functions),
                served ? firmware(kinds) : AcpiTables.NONE,
                served ? units(kinds) : List.of(),
                new AddressMap(List.of()),
                Set.of(),
                Map.of(),
                List.of(),
                new Software(names, traits, processes(), proposals));
    }

    // ---- functions

    private void addGroup(JsonObject group, String firstUnit) {
        int slot = Integer.parseInt(Json.text(group, "id"));
        if (slot != functionsBefore()) {
            throw new IllegalArgumentException(
                    "group %d: groups are numbered from 1 on without gaps".formatted(slot));
        }
        var unit = group.has("iommu") ? group.get("iommu").getAsString() : firstUnit;
        var devices = Json.array(group, "devices");
        for (int i = 0; i < devices.size(); i++) {
            var address = new PciAddress(0, 0, slot, i);
            scopesOf(unit).add(new DmarBytes.Scope(address.requesterId().raw() & 0xff));
            add(devices.get(i).getAsJsonObject(), address, devices.size() > 1);
        }
    }

    private int functionsBefore() {
        return functions.getLast().address().device() + 1;
    }

    private List<DmarBytes.Scope> scopesOf(String unit) {
        var found = scopes.get(unit);
        if (found == null) {
            throw new IllegalArgumentException("there is no IOMMU '%s'".formatted(unit));
        }
        return found;
    }

    private void add(JsonObject device, PciAddress address, boolean multifunction) {
        var name = Json.text(device, "name");
        names.put(name, address);
        var found = traitsOf(device, address);
        traits.put(address, found);
        var driver = device.get("driver");
        functions.add(
                function(
                        address,
                        name.startsWith("port") ? 0x088000 : 0x120000,
                        multifunction,
                        driver == null || driver.isJsonNull()
                                ? Optional.empty()
                                : Optional.of(driver.getAsString()),
                        found.pasidBits().orElse(20)));
    }

    /// An endpoint of the root complex, or a host bridge. Not Intel's: the kernel keeps functions of their
    /// integrated devices apart, and groups of several could not be had.
    private static PciFunction function(
            PciAddress address,
            int classCode,
            boolean multifunction,
            Optional<String> driver,
            int pasidBits) {
        var bytes = new byte[4096];
        int vendor = 0x1b36;
        int device = 0x0005;
        put(bytes, 0x00, device << 16 | vendor, 4);
        put(bytes, 0x04, 0x0010_0006, 4);
        put(bytes, 0x08, classCode << 8, 4);
        put(bytes, 0x0e, multifunction ? 0x80 : 0, 1);
        put(bytes, 0x34, 0x40, 1);
        put(bytes, 0x40, 0x0092_0010, 4);
        if (pasidBits > 0) {
            put(bytes, 0x100, 0x0001_001b, 4);
            put(bytes, 0x104, 0x0001_0000 | pasidBits << 8, 4);
        }
        return new PciFunction(
                address,
                Optional.empty(),
                ConfigSpace.of(bytes),
                new PciIds(vendor, device, 0, 0, classCode, 0),
                Optional.empty(),
                List.of(),
                driver,
                OptionalInt.empty());
    }

    private static void put(byte[] bytes, int offset, int value, int width) {
        for (int i = 0; i < width; i++) {
            bytes[offset + i] = (byte) (value >>> 8 * i);
        }
    }

    private DeviceTraits traitsOf(JsonObject device, PciAddress address) {
        var caps = device.has("caps") ? device.getAsJsonObject("caps") : new JsonObject();
        var reserved = new ArrayList<ReservedRange>();
        for (var item : array(device, "reserved")) {
            var range = range(item.getAsJsonObject());
            if (range.kind() == ReservedRange.Kind.DIRECT) {
                dmar.reservedMemory(
                        range.start(),
                        range.last(),
                        new DmarBytes.Scope(address.requesterId().raw() & 0xff));
            } else {
                reserved.add(range);
            }
        }
        return new DeviceTraits(
                caps.has("pasid_bits")
                        ? Optional.of(caps.get("pasid_bits").getAsInt())
                        : Optional.empty(),
                flag(caps, "enforce_coherency"),
                flag(caps, "cache_coherent"),
                flag(caps, "isolated_msi"),
                flag(caps, "no_dirty").map(cannot -> !cannot),
                flag(caps, "is_vf"),
                flag(caps, "pri"),
                reserved);
    }

    private static Optional<Boolean> flag(JsonObject caps, String name) {
        return caps.has(name) ? Optional.of(caps.get(name).getAsBoolean()) : Optional.empty();
    }

    private static ReservedRange range(JsonObject json) {
        return new ReservedRange(
                Json.bits(json, "start"),
                Json.bits(json, "last"),
                ReservedRange.Kind.valueOf(
                        json.get("type").getAsString().toUpperCase(Locale.ROOT)));
    }

    private static Iterable<JsonElement> array(JsonObject json, String name) {
        return json.has(name) ? json.getAsJsonArray(name) : new JsonArray();
    }

    // ---- IOMMUs

    private AcpiTables firmware(Map<String, JsonElement> kinds) {
        if (!kind(kinds.values().iterator().next()).equals("vtd")) {
            return AcpiTables.NONE;
        }
        int number = 0;
        var units = new DmarBytes();
        for (var unit : kinds.keySet()) {
            units.unit(REGISTERS + 0x1000L * number++, scopesOf(unit));
        }
        units.append(dmar);
        return new AcpiTables(Map.of("DMAR", units.build()));
    }

    private static List<IommuUnit> units(Map<String, JsonElement> kinds) {
        var units = new ArrayList<IommuUnit>();
        for (var described : kinds.values()) {
            int number = units.size();
            units.add(
                    switch (kind(described)) {
                        case "vtd" -> vtd(number);
                        case "smmuv3" -> Architecture.SMMUV3.unit();
                        case "mock" -> Architecture.SELFTEST.unit();
                        default ->
                                throw new IllegalArgumentException(
                                        "'%s' is no kind of IOMMU".formatted(kind(described)));
                    });
        }
        return units;
    }

    private static String kind(JsonElement described) {
        return Json.text(described.getAsJsonObject(), "kind");
    }

    private static IommuUnit vtd(int number) {
        var registers = VtdCapabilities.SCALABLE;
        return IommuUnit.of(
                "dmar" + number, REGISTERS + 0x1000L * number, registers.cap(), registers.ecap());
    }

    // ---- processes

    private List<ProcessDescription> processes() {
        if (!topology.has("processes")) {
            return ProcessDescription.USUAL;
        }
        var all = new ArrayList<ProcessDescription>();
        topology.getAsJsonObject("processes")
                .asMap()
                .forEach((name, json) -> all.add(process(name, json.getAsJsonObject())));
        return all;
    }

    private static ProcessDescription process(String name, JsonObject json) {
        var usual = ProcessDescription.USUAL.getFirst();
        return new ProcessDescription(
                name,
                json.has("caps") ? capabilities(json.getAsJsonArray("caps")) : usual.capabilities(),
                json.has("memlock_pages")
                        ? OptionalLong.of(json.get("memlock_pages").getAsLong())
                        : OptionalLong.empty(),
                json.has("memory") ? memory(json.getAsJsonObject("memory")) : usual.memory());
    }

    private static Set<Capability> capabilities(JsonArray names) {
        var set = EnumSet.noneOf(Capability.class);
        for (var name : names) {
            Arrays.stream(Capability.values())
                    .filter(capability -> capability.name().equals(name.getAsString()))
                    .forEach(set::add);
        }
        return set;
    }

    private static List<ProcessDescription.Buffer> memory(JsonObject json) {
        var buffers = new ArrayList<ProcessDescription.Buffer>();
        json.asMap()
                .forEach((name, element) -> {
                    var buffer = element.getAsJsonObject();
                    buffers.add(
                            new ProcessDescription.Buffer(
                                    name,
                                    Json.bits(buffer, "size"),
                                    buffer.get("access").getAsString().equals("rw"),
                                    buffer.has("backing")
                                            && buffer.get("backing").getAsString().equals("file")));
                });
        return buffers;
    }
}
