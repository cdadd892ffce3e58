package iommulab.engine.io.machine;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import iommulab.engine.firmware.AcpiTables;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.io.FileRefused;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.Region;
import iommulab.engine.os.Software;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineDescription;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// A machine at power-on in JSON.
final class DescriptionJson {
    private static final int MOST = 65_536;
    private static final int LONGEST_NAME = 1_000;
    private static final int LONGEST_TEXT = 100_000;
    private static final int TABLE_BYTES = 256 << 10;

    private DescriptionJson() {}

    static JsonObject write(MachineDescription machine) {
        var json = new JsonObject();
        json.addProperty("name", machine.name());
        json.addProperty("origin", machine.origin());
        json.addProperty("about", machine.about());
        json.addProperty("kernelRelease", machine.kernelRelease());
        json.addProperty("commandLine", machine.commandLine());
        json.add("functions", FunctionJson.write(machine.topology()));
        json.add("firmware", firmware(machine.firmware()));
        var units = new JsonArray();
        machine.units().forEach(unit -> units.add(write(unit)));
        json.add("units", units);
        var regions = new JsonArray();
        machine.memory().regions().forEach(region -> regions.add(write(region)));
        json.add("memory", regions);
        json.add("externalFacing", texts(new TreeSet<>(machine.externalFacing())));
        var kernelSaid = new JsonObject();
        new TreeMap<>(machine.kernelSaid())
                .forEach((function, group) -> kernelSaid.addProperty(function.toString(), group));
        json.add("kernelSaid", kernelSaid);
        json.add("remarks", texts(machine.remarks()));
        if (!machine.software().equals(Software.USUAL)) {
            json.add("software", SoftwareJson.write(machine.software()));
        }
        return json;
    }

    private static JsonObject firmware(AcpiTables tables) {
        var json = new JsonObject();
        for (var signature : tables.signatures()) {
            tables.find(signature)
                    .ifPresent(
                            bytes -> json.addProperty(signature, HexFormat.of().formatHex(bytes)));
        }
        return json;
    }

    private static JsonObject write(IommuUnit unit) {
        var json = new JsonObject();
        json.addProperty("name", unit.name());
        unit.registerBase().ifPresent(base -> json.addProperty("registerBase", Hex.text(base)));
        unit.function().ifPresent(function -> json.addProperty("function", function.toString()));
        unit.cap().ifPresent(cap -> json.addProperty("cap", Hex.text(cap)));
        unit.ecap().ifPresent(ecap -> json.addProperty("ecap", Hex.text(ecap)));
        return json;
    }

    private static JsonObject write(Region region) {
        var json = new JsonObject();
        json.addProperty("start", Hex.text(region.range().start()));
        json.addProperty("last", Hex.text(region.range().last()));
        json.addProperty("kind", region.kind().name().toLowerCase(Locale.ROOT));
        json.addProperty("name", region.name());
        region.owner().ifPresent(owner -> json.addProperty("owner", owner.toString()));
        return json;
    }

    private static JsonArray texts(Collection<?> values) {
        var json = new JsonArray();
        values.forEach(value -> json.add(value.toString()));
        return json;
    }

    static MachineDescription read(JsonNode node) throws FileRefused {
        var software = node.optional("software");
        return new MachineDescription(
                node.member("name").text(LONGEST_NAME),
                node.member("origin").text(LONGEST_NAME),
                node.member("about").text(LONGEST_TEXT),
                node.member("kernelRelease").text(LONGEST_NAME),
                node.member("commandLine").text(LONGEST_TEXT),
                FunctionJson.read(node.member("functions")),
                readFirmware(node.member("firmware")),
                readUnits(node.member("units")),
                readMemory(node.member("memory")),
                readAddresses(node.member("externalFacing")),
                readKernelSaid(node.member("kernelSaid")),
                readTexts(node.member("remarks")),
                software.isPresent() ? SoftwareJson.read(software.get()) : Software.USUAL);
    }

    private static AcpiTables readFirmware(JsonNode node) throws FileRefused {
        var tables = new HashMap<String, byte[]>();
        for (var member : node.members(64).entrySet()) {
            tables.put(member.getKey(), member.getValue().bytes(TABLE_BYTES));
        }
        return new AcpiTables(tables);
    }

    private static List<IommuUnit> readUnits(JsonNode node) throws FileRefused {
        var units = new ArrayList<IommuUnit>();
        for (var item : node.items(1024)) {
            units.add(
                    new IommuUnit(
                            item.member("name").text(LONGEST_NAME),
                            bits64(item.optional("registerBase")),
                            FunctionJson.address(item.optional("function")),
                            bits64(item.optional("cap")),
                            bits64(item.optional("ecap"))));
        }
        return units;
    }

    private static OptionalLong bits64(Optional<JsonNode> node) throws FileRefused {
        return node.isPresent() ? OptionalLong.of(node.get().bits64()) : OptionalLong.empty();
    }

    private static AddressMap readMemory(JsonNode node) throws FileRefused {
        var regions = new ArrayList<Region>();
        for (var item : node.items(MOST)) {
            regions.add(region(item));
        }
        try {
            return new AddressMap(regions);
        } catch (IllegalArgumentException overlap) {
            throw node.refused(String.valueOf(overlap.getMessage()));
        }
    }

    private static Region region(JsonNode node) throws FileRefused {
        long start = node.member("start").bits64();
        long last = node.member("last").bits64();
        if (Long.compareUnsigned(last, start) < 0) {
            throw node.refused("it ends at 0x%x, before it starts".formatted(last));
        }
        var owner = node.optional("owner");
        return new Region(
                new AddressRange(start, last),
                node.member("kind")
                        .read(
                                "ram, tables, bar, interrupt or reserved",
                                text -> Region.RegionKind.valueOf(text.toUpperCase(Locale.ROOT))),
                node.member("name").text(LONGEST_NAME),
                owner.isEmpty() ? Optional.empty() : Optional.of(owner.get().address()));
    }

    private static Set<PciAddress> readAddresses(JsonNode node) throws FileRefused {
        var addresses = new LinkedHashSet<PciAddress>();
        for (var item : node.items(MOST)) {
            addresses.add(item.address());
        }
        return addresses;
    }

    private static Map<PciAddress, Integer> readKernelSaid(JsonNode node) throws FileRefused {
        var groups = new HashMap<PciAddress, Integer>();
        for (var member : node.members(MOST).entrySet()) {
            int group = member.getValue().number(0, Integer.MAX_VALUE);
            try {
                groups.put(PciAddress.parse(member.getKey()), group);
            } catch (IllegalArgumentException noAddress) {
                throw member.getValue().refused(String.valueOf(noAddress.getMessage()));
            }
        }
        return groups;
    }

    private static List<String> readTexts(JsonNode node) throws FileRefused {
        var texts = new ArrayList<String>();
        for (var item : node.items(MOST)) {
            texts.add(item.text(LONGEST_TEXT));
        }
        return texts;
    }
}
