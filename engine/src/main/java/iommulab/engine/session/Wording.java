package iommulab.engine.session;

import iommulab.engine.os.Invalidation;
import iommulab.engine.os.call.Answer;
import iommulab.engine.pci.AddressType;

import java.util.HexFormat;
import java.util.stream.Collectors;

/// How commands and their outcomes are told to people: the titles in the timeline and in Undo.
final class Wording {
    private Wording() {}

    /// One line in the imperative, such as `Map 2 MiB at 0x40000000 in domain 3`.
    static String title(Command command) {
        return switch (command) {
            case Command.WriteConfig(var function, int offset, int width, int value) ->
                    "Write 0x%s to offset 0x%x of %s"
                            .formatted(
                                    HexFormat.of().toHexDigits(value, 2 * width), offset, function);
            case Command.RemoveFunction(var function) -> "Remove " + function;
            case Command.BindDriver(var function, var driver) ->
                    driver.map(name -> "Bind %s to %s".formatted(function, name))
                            .orElse("Unbind the driver of " + function);
            case Command.CreateDomain(var like, var type, int levels) ->
                    "Create %s domain%s for %s"
                            .formatted(
                                    type.sysfs(),
                                    levels == 0 ? "" : " with " + levels + " levels",
                                    like);
            case Command.CreateFirstStage(var like, int parent, _) ->
                    "Create a first-stage domain%s for %s"
                            .formatted(parent == 0 ? "" : " nested in domain " + parent, like);
            case Command.AttachPasid(var function, int pasid, int domain) ->
                    "Attach PASID 0x%x of %s to domain %d".formatted(pasid, function, domain);
            case Command.DetachPasid(var function, int pasid) ->
                    "Detach PASID 0x%x of %s".formatted(pasid, function);
            case Command.DeleteDomain(int domain) -> "Delete domain " + domain;
            case Command.AttachDevice(var function, int domain) ->
                    "Attach %s to domain %d".formatted(function, domain);
            case Command.DetachDevice(var function) -> "Detach " + function;
            case Command.MapPages(int domain, long iova, _, long bytes, var permissions) ->
                    "Map %s %s at 0x%x in domain %d"
                            .formatted(bytes(bytes), permissions, iova, domain);
            case Command.UnmapPages(int domain, long iova, long bytes, boolean flush) ->
                    "Unmap %s at 0x%x in domain %d%s"
                            .formatted(
                                    bytes(bytes), iova, domain, flush ? "" : ", no invalidation");
            case Command.SetTranslation(var unit, boolean enabled) ->
                    "Turn translation of %s %s".formatted(unit, enabled ? "on" : "off");
            case Command.Invalidate(var unit, var what, boolean viaQueue, boolean waits) ->
                    "Invalidate %s of %s by %s%s"
                            .formatted(
                                    invalidation(what),
                                    unit,
                                    viaQueue ? "queue" : "register",
                                    waits ? "" : ", not waiting for it");
            case Command.SetAts(var function, boolean on) ->
                    "Switch ATS of %s %s".formatted(function, on ? "on" : "off");
            case Command.SetPageRequests(var function, boolean on) ->
                    "Switch page requests of %s %s".formatted(function, on ? "on" : "off");
            case Command.SetAnswering(var function, boolean answering) ->
                    (answering
                                    ? "Let %s answer invalidations of its TLB again"
                                    : "Let %s hang: it answers no invalidation of its TLB")
                            .formatted(function);
            case Command.RequestPages(var function, long iova, int pages, var access, var prefix) ->
                    "Let %s ask for %d page%s to %s at 0x%x%s"
                            .formatted(
                                    function,
                                    pages,
                                    pages == 1 ? "" : "s",
                                    access.word(),
                                    iova,
                                    prefix.isPresent() ? ", " + prefix : "");
            case Command.AnswerPages(var function, int group, var response) ->
                    "Answer page request group %d of %s: %s"
                            .formatted(group, function, response.words());
            case Command.ClearFaults(var unit) -> "Clear the faults of " + unit;
            case Command.SetCacheGeometry(var unit, var cache, var geometry) ->
                    geometry.isOff()
                            ? "Switch the %s of %s off".formatted(cache.words(), unit)
                            : "Give the %s of %s %d × %d, %s"
                                    .formatted(
                                            cache.words(),
                                            unit,
                                            geometry.sets(),
                                            geometry.ways(),
                                            geometry.replacement());
            case Command.WriteMemory(long hpa, long value) ->
                    "Write 0x%016x to memory at 0x%x".formatted(value, hpa);
            case Command.SetCost(var event, long cycles) ->
                    "Price a %s at %d cycles".formatted(event.words(), cycles);
            case Command.SetSource(var source) ->
                    "Let %s send %s traffic"
                            .formatted(
                                    source.device(), source.pattern().getClass().getSimpleName());
            case Command.RemoveSource(int id) -> "Remove traffic source " + id;
            case Command.RunTraffic(long requests) ->
                    "Run %,d requests".formatted(requests).replace(',', '\u2009');
            case Command.KernelCall(var call) -> call.toString();
            case Command.IssueDma request -> title(request);
        };
    }

    private static String title(Command.IssueDma request) {
        String prefix = request.prefix().isPresent() ? ", " + request.prefix() : "";
        String data = request.data().isEmpty() ? "" : " 0x%x,".formatted(request.data().getAsInt());
        return switch (request.type()) {
            case UNTRANSLATED, TRANSLATED ->
                    "Let %s %s%s %d B at 0x%x%s%s"
                            .formatted(
                                    request.function(),
                                    request.access().word(),
                                    data,
                                    request.bytes(),
                                    request.iova(),
                                    prefix,
                                    request.type() == AddressType.TRANSLATED
                                            ? ", translated already"
                                            : "");
            case TRANSLATION_REQUEST ->
                    "Let %s ask for the translation of 0x%x to %s%s"
                            .formatted(
                                    request.function(),
                                    request.iova(),
                                    request.access().word(),
                                    prefix);
        };
    }

    /// What an invalidation covers, in words.
    static String invalidation(Invalidation what) {
        return switch (what) {
            case Invalidation.ContextGlobal() -> "all context entries";
            case Invalidation.ContextDomain(int tag) -> "context entries of DID " + tag;
            case Invalidation.ContextDevice(int tag, int requester, int mask) ->
                    "the context entry of source 0x%04x, DID %d%s"
                            .formatted(requester, tag, mask == 0 ? "" : ", function mask " + mask);
            case Invalidation.IotlbGlobal() -> "the whole IOTLB";
            case Invalidation.IotlbDomain(int tag) -> "the IOTLB entries of DID " + tag;
            case Invalidation.IotlbPage(int tag, long iova, int mask) ->
                    "%s of IOTLB at 0x%x, DID %d".formatted(bytes(4096L << mask), iova, tag);
            case Invalidation.PasidEntries(int tag, int pasid) ->
                    pasid < 0
                            ? "all PASID entries of DID " + tag
                            : "the entry of PASID 0x%x, DID %d".formatted(pasid, tag);
            case Invalidation.DeviceTlb(int requester, int pasid, long iova, int mask) ->
                    "%s of the device TLB of 0x%04x%s"
                            .formatted(
                                    mask >= Invalidation.ALL_PAGES
                                            ? "everything"
                                            : "%s at 0x%x".formatted(bytes(4096L << mask), iova),
                                    requester,
                                    pasid < 0 ? "" : ", PASID 0x%x".formatted(pasid));
            case Invalidation.PasidTranslations(int tag, int pasid) ->
                    "the IOTLB entries of PASID 0x%x, DID %d".formatted(pasid, tag);
        };
    }

    /// The rule that decided, if the answer has one; else empty.
    static String rule(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Answered(var answer) -> answer.rule();
            case Outcome.DmaFinished(var event) -> event.note();
            case Outcome.Done _,
                    Outcome.TimedOut _,
                    Outcome.DomainCreated _,
                    Outcome.TrafficRun _,
                    Outcome.PagesRequested _,
                    Outcome.PagesAnswered _ ->
                    "";
        };
    }

    /// The fields of an answer, `entry_num=2`.
    static String returned(Answer answer) {
        return answer.returns().entrySet().stream()
                .map(field -> field.getKey() + "=" + field.getValue())
                .collect(Collectors.joining(", "));
    }

    /// What the caller was told, as the transcript shows it.
    static String result(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Done() -> "ok";
            case Outcome.TimedOut(int count) ->
                    "ok, but %d device TLB invalidation%s timed out"
                            .formatted(count, count == 1 ? "" : "s");
            case Outcome.DomainCreated(int domain) -> "domain " + domain;
            case Outcome.TrafficRun(_) -> "ok";
            case Outcome.Answered(var answer) -> answer.toString();
            case Outcome.PagesRequested(int group) -> "group " + group;
            case Outcome.PagesAnswered(_, var tried) ->
                    tried.isEmpty()
                            ? "ok"
                            : "ok, tried again: "
                                    + tried.stream()
                                            .map(event -> result(new Outcome.DmaFinished(event)))
                                            .collect(Collectors.joining(", "));
            case Outcome.DmaFinished(var event) ->
                    event.fault()
                            .map(reason -> "fault %02xh".formatted(reason.code()))
                            .orElseGet(() ->
                                    "%s 0x%x".formatted(event.outcome().word(), event.target()));
        };
    }

    /// `4 KiB`, `2 MiB`, `1.5 GiB`
    static String bytes(long bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
        int unit = 0;
        double size = bytes;
        while (unit < units.length - 1 && size >= 1024) {
            size /= 1024;
            unit++;
        }
        return size == Math.rint(size)
                ? "%d %s".formatted((long) size, units[unit])
                : "%.1f %s".formatted(size, units[unit]);
    }
}
