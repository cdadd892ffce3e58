package iommulab.engine.session;

import static iommulab.engine.session.CallArguments.lowerCase;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Replacement;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.pci.AddressType;

import java.util.Optional;
import java.util.OptionalInt;

/// Commands in the call vocabulary: every [Command] as a [Call], and every call as the command it means.
public final class CommandText {
    private CommandText() {}

    /// The call as text, such as `domain.delete(domain=3)`.
    public static String of(Command command) {
        return toCall(command).toString();
    }

    /// Reads what [#of] writes.
    ///
    /// @throws CommandRefused if it is no call, there is no such call, or an argument is missing,
    ///     unknown or of the wrong type
    public static Command parse(String text) throws CommandRefused {
        return toCommand(Call.parse(text));
    }

    /// The call that means a command.
    public static Call toCall(Command command) {
        return switch (command) {
            case Command.WriteConfig(var function, int offset, int width, int value) ->
                    Call.of("pci.write_config")
                            .with("function", function.toString())
                            .withHex("offset", offset & 0xffff_ffffL)
                            .with("width", width)
                            .withHex("value", value & 0xffff_ffffL);
            case Command.RemoveFunction(var function) ->
                    Call.of("pci.remove").with("function", function.toString());
            case Command.BindDriver(var function, var driver) ->
                    driver.map(name -> Call.of("driver.bind").with("driver", name))
                            .orElse(Call.of("driver.unbind"))
                            .with("device", function.toString());
            case Command.CreateDomain(var like, var type, int levels) ->
                    Call.of("domain.create")
                            .with("like", like.toString())
                            .with("type", lowerCase(type))
                            .with("levels", levels);
            case Command.CreateFirstStage(var like, int parent, int levels) ->
                    Call.of("domain.create_first_stage")
                            .with("like", like.toString())
                            .with("parent", parent)
                            .with("levels", levels);
            case Command.AttachPasid(var function, int pasid, int domain) ->
                    Call.of("domain.attach_pasid")
                            .with("device", function.toString())
                            .withHex("pasid", pasid & 0xffff_ffffL)
                            .with("domain", domain);
            case Command.DetachPasid(var function, int pasid) ->
                    Call.of("domain.detach_pasid")
                            .with("device", function.toString())
                            .withHex("pasid", pasid & 0xffff_ffffL);
            case Command.DeleteDomain(int domain) ->
                    Call.of("domain.delete").with("domain", domain);
            case Command.AttachDevice(var function, int domain) ->
                    Call.of("domain.attach")
                            .with("device", function.toString())
                            .with("domain", domain);
            case Command.DetachDevice(var function) ->
                    Call.of("domain.detach").with("device", function.toString());
            case Command.MapPages(int domain, long iova, long hpa, long bytes, var permissions) ->
                    Call.of("domain.map")
                            .with("domain", domain)
                            .withHex("iova", iova)
                            .withHex("hpa", hpa)
                            .withHex("bytes", bytes)
                            .with("permissions", lowerCase(permissions));
            case Command.UnmapPages(int domain, long iova, long bytes, boolean flush) ->
                    Call.of("domain.unmap")
                            .with("domain", domain)
                            .withHex("iova", iova)
                            .withHex("bytes", bytes)
                            .with("flush", Boolean.toString(flush));
            case Command.SetTranslation(var unit, boolean enabled) ->
                    Call.of("iommu.set_translation")
                            .with("unit", unit)
                            .with("enabled", Boolean.toString(enabled));
            case Command.Invalidate invalidate -> InvalidationText.toCall(invalidate);
            case Command.ClearFaults(var unit) -> Call.of("iommu.clear_faults").with("unit", unit);
            case Command.SetCacheGeometry(var unit, var cache, var geometry) ->
                    Call.of("cache.set_geometry")
                            .with("unit", unit)
                            .with("cache", lowerCase(cache))
                            .with("sets", geometry.sets())
                            .with("ways", geometry.ways())
                            .with("replacement", lowerCase(geometry.replacement()));
            case Command.WriteMemory(long hpa, long value) ->
                    Call.of("memory.write").withHex("hpa", hpa).withHex("value", value);
            case Command.SetCost(var event, long cycles) ->
                    Call.of("cost.set").with("event", lowerCase(event)).with("cycles", cycles);
            case Command.SetSource(var source) -> SourceText.toCall(source);
            case Command.RemoveSource(int id) -> Call.of("traffic.remove_source").with("id", id);
            case Command.RunTraffic(long requests) ->
                    Call.of("traffic.run").with("requests", requests);
            case Command.KernelCall(var call) -> call;
            case Command.SetAts(var function, boolean enabled) ->
                    Call.of("ats.set")
                            .with("device", function.toString())
                            .with("enabled", Boolean.toString(enabled));
            case Command.SetPageRequests(var function, boolean enabled) ->
                    Call.of("ats.set_page_requests")
                            .with("device", function.toString())
                            .with("enabled", Boolean.toString(enabled));
            case Command.SetAnswering(var function, boolean answering) ->
                    Call.of("ats.set_answering")
                            .with("device", function.toString())
                            .with("answering", Boolean.toString(answering));
            case Command.RequestPages(var function, long iova, int pages, var access, var prefix) ->
                    withPrefix(
                            Call.of("ats.request_pages")
                                    .with("device", function.toString())
                                    .withHex("iova", iova)
                                    .with("pages", pages)
                                    .with("access", lowerCase(access)),
                            prefix);
            case Command.AnswerPages(var function, int group, var response) ->
                    Call.of("ats.answer_pages")
                            .with("device", function.toString())
                            .with("group", group)
                            .with("response", lowerCase(response));
            case Command.IssueDma request ->
                    withData(
                            withType(
                                    withPrefix(
                                            Call.of("dma.issue")
                                                    .with("device", request.function().toString())
                                                    .withHex("iova", request.iova())
                                                    .with("bytes", request.bytes())
                                                    .with("access", lowerCase(request.access())),
                                            request.prefix()),
                                    request.type()),
                            request.data());
        };
    }

    /// Whether a call is one of the kernel's rather than of the bench's own; some have the same name.
    public static boolean isOfKernel(Call call) {
        return KernelCalls.isKernelCall(call);
    }

    /// The command that a call means.
    ///
    /// @throws CommandRefused if there is no such call, or an argument is missing, unknown or of the
    ///     wrong type
    public static Command toCommand(Call call) throws CommandRefused {
        if (KernelCalls.isKernelCall(call)) {
            return new Command.KernelCall(call);
        }
        var arguments = new CallArguments(call);
        try {
            var command = command(call.name(), arguments);
            arguments.expectNoMore();
            return command;
        } catch (IllegalArgumentException outOfRange) {
            throw new CommandRefused("EINVAL", call.name() + ": " + outOfRange.getMessage());
        }
    }

    private static Command command(String name, CallArguments a) throws CommandRefused {
        return switch (name) {
            case "pci.write_config" ->
                    new Command.WriteConfig(
                            a.function("function"),
                            a.count("offset"),
                            a.count("width"),
                            a.count("value"));
            case "pci.remove" -> new Command.RemoveFunction(a.function("function"));
            case "driver.bind" ->
                    new Command.BindDriver(a.function("device"), Optional.of(a.word("driver")));
            case "driver.unbind" -> new Command.BindDriver(a.function("device"), Optional.empty());
            case "memory.write" -> new Command.WriteMemory(a.number("hpa"), a.number("value"));
            case "cost.set" ->
                    new Command.SetCost(a.choice("event", CostEvent.values()), a.number("cycles"));
            case "traffic.set_source" -> new Command.SetSource(SourceText.toSource(a));
            case "traffic.remove_source" -> new Command.RemoveSource(a.count("id"));
            case "traffic.run" -> new Command.RunTraffic(a.number("requests"));
            case "dma.issue" ->
                    new Command.IssueDma(
                            a.function("device"),
                            a.number("iova"),
                            a.count("bytes"),
                            a.choice("access", Access.values()),
                            prefix(a),
                            type(a),
                            data(a));
            default ->
                    name.startsWith("domain.")
                            ? domainCommand(name, a)
                            : name.startsWith("ats.")
                                    ? deviceCommand(name, a)
                                    : unitCommand(name, a);
        };
    }

    private static Call withPrefix(Call call, PasidPrefix prefix) {
        if (!prefix.isPresent()) {
            return call;
        }
        var named = call.withHex("pasid", prefix.pasid());
        var executing = prefix.execute() ? named.with("execute", "true") : named;
        return prefix.privileged() ? executing.with("privileged", "true") : executing;
    }

    private static PasidPrefix prefix(CallArguments a) throws CommandRefused {
        if (a.optional("pasid").isEmpty()) {
            return PasidPrefix.NONE;
        }
        int pasid = a.count("pasid");
        if (pasid >>> 20 != 0) {
            throw a.refused("argument 'pasid': 0x%x has more than 20 bits", pasid);
        }
        return new PasidPrefix(
                pasid,
                a.optional("execute").isPresent() && a.flag("execute"),
                a.optional("privileged").isPresent() && a.flag("privileged"));
    }

    private static Command domainCommand(String name, CallArguments a) throws CommandRefused {
        return switch (name) {
            case "domain.create" ->
                    new Command.CreateDomain(
                            a.function("like"),
                            a.choice("type", DomainType.values()),
                            a.count("levels"));
            case "domain.create_first_stage" ->
                    new Command.CreateFirstStage(
                            a.function("like"), a.count("parent"), a.count("levels"));
            case "domain.attach_pasid" ->
                    new Command.AttachPasid(
                            a.function("device"), a.count("pasid"), a.count("domain"));
            case "domain.detach_pasid" ->
                    new Command.DetachPasid(a.function("device"), a.count("pasid"));
            case "domain.delete" -> new Command.DeleteDomain(a.count("domain"));
            case "domain.attach" ->
                    new Command.AttachDevice(a.function("device"), a.count("domain"));
            case "domain.detach" -> new Command.DetachDevice(a.function("device"));
            case "domain.map" ->
                    new Command.MapPages(
                            a.count("domain"),
                            a.number("iova"),
                            a.number("hpa"),
                            a.number("bytes"),
                            a.choice("permissions", Permissions.values()));
            case "domain.unmap" ->
                    new Command.UnmapPages(
                            a.count("domain"),
                            a.number("iova"),
                            a.number("bytes"),
                            a.flag("flush"));
            default -> throw a.refused("there is no such call");
        };
    }

    private static Command deviceCommand(String name, CallArguments a) throws CommandRefused {
        var device = a.function("device");
        return switch (name) {
            case "ats.set" -> new Command.SetAts(device, a.flag("enabled"));
            case "ats.set_page_requests" -> new Command.SetPageRequests(device, a.flag("enabled"));
            case "ats.set_answering" -> new Command.SetAnswering(device, a.flag("answering"));
            case "ats.request_pages" ->
                    new Command.RequestPages(
                            device,
                            a.number("iova"),
                            a.count("pages"),
                            a.choice("access", Access.values()),
                            prefix(a));
            case "ats.answer_pages" ->
                    new Command.AnswerPages(
                            device, a.count("group"), a.choice("response", PageResponse.values()));
            default -> throw a.refused("there is no such call");
        };
    }

    private static Call withType(Call call, AddressType type) {
        return type == AddressType.UNTRANSLATED ? call : call.with("type", lowerCase(type));
    }

    private static AddressType type(CallArguments a) throws CommandRefused {
        return a.optional("type").isEmpty()
                ? AddressType.UNTRANSLATED
                : a.choice("type", AddressType.values());
    }

    private static Call withData(Call call, OptionalInt data) {
        return data.isEmpty() ? call : call.withHex("data", data.getAsInt() & 0xffff_ffffL);
    }

    private static OptionalInt data(CallArguments a) throws CommandRefused {
        return a.optional("data").isEmpty() ? OptionalInt.empty() : OptionalInt.of(a.count("data"));
    }

    private static Command unitCommand(String name, CallArguments a) throws CommandRefused {
        return switch (name) {
            case "iommu.set_translation" ->
                    new Command.SetTranslation(a.word("unit"), a.flag("enabled"));
            case "iommu.invalidate" -> InvalidationText.toCommand(a);
            case "iommu.clear_faults" -> new Command.ClearFaults(a.word("unit"));
            case "cache.set_geometry" ->
                    new Command.SetCacheGeometry(
                            a.word("unit"),
                            a.choice("cache", CacheKind.values()),
                            new CacheGeometry(
                                    a.count("sets"),
                                    a.count("ways"),
                                    a.choice("replacement", Replacement.values())));
            default -> throw a.refused("there is no such call");
        };
    }
}
