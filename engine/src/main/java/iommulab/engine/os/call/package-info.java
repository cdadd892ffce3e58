/// Calls as users make them of the kernel, in the words of one table: names, arguments, answers.
package iommulab.engine.os.call;
