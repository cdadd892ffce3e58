package iommulab.app.console;

import java.util.Map;

/// What an errno means in the calls of this vocabulary: the framing rules that all of them share. Source:
/// kernel `Documentation/userspace-api/iommufd.rst`, `include/uapi/linux/iommufd.h`, `include/uapi/linux/vfio.h`.
final class Errnos {
    private static final Map<String, String> MEANINGS =
            Map.ofEntries(
                    Map.entry(
                            "EINVAL",
                            "the call was understood, but what it asks for cannot be: a structure"
                                + " shorter than the first generation had it, a blob or array entry"
                                + " of a wrong type or length, a value out of range"),
                    Map.entry(
                            "EOPNOTSUPP",
                            "this kernel or this hardware does not know it: an unknown flag or"
                                + " word, a reserved field that is not 0, a feature that the driver"
                                + " lacks"),
                    Map.entry(
                            "E2BIG",
                            "the structure is longer than this kernel knows, and what is behind is"
                                    + " not zero: it may mean something that would be lost"),
                    Map.entry(
                            "EFAULT",
                            "a pointer leads nowhere, or memory that must be there is not"),
                    Map.entry(
                            "ENOTTY",
                            "there is no such call on this file; size and content were not looked"
                                    + " at"),
                    Map.entry(
                            "ENOENT",
                            "an id, an address or a name is absent; an id of another type counts as"
                                    + " absent"),
                    Map.entry(
                            "ENODEV", "there is no such device, or it has no group or no backend"),
                    Map.entry("ENXIO", "there is no such attribute"),
                    Map.entry("EBADF", "nothing is behind the descriptor"),
                    Map.entry(
                            "EBADFD",
                            "the descriptor is open, but of a file that does not fit here"),
                    Map.entry(
                            "EBUSY",
                            "somebody else uses it: it goes when they let go. For a group: its"
                                    + " pointer is where another one needs it"),
                    Map.entry(
                            "EPERM",
                            "the rule of ownership or of rights says no: somebody else has the"
                                + " group, or the memory may not be written, or the number is not"
                                + " allowed"),
                    Map.entry("EACCES", "the caller lacks the capability"),
                    Map.entry("EEXIST", "there is one already, and there may be only one"),
                    Map.entry(
                            "EADDRINUSE",
                            "a mapping, a reserved range or an allowed range is in the way"),
                    Map.entry(
                            "EOVERFLOW",
                            "the sum of address and length goes beyond 64 bits, or a number beyond"
                                    + " what the device can say"),
                    Map.entry(
                            "ENOMEM",
                            "memory, or the limit of locked pages; everything was undone"),
                    Map.entry("ENOSPC", "no gap or no number is left, or too many mappings"),
                    Map.entry(
                            "EMSGSIZE",
                            "the array is too small: what fits is in it, and the needed number"
                                    + " too"),
                    Map.entry("ESPIPE", "the length is no multiple of the record"),
                    Map.entry("EIO", "the hardware or its emulation could not carry it out"));

    private Errnos() {}

    /// One sentence without its full stop.
    static String meaning(String errno) {
        return MEANINGS.getOrDefault(errno, "this errno has no general meaning in these calls");
    }
}
