/** The bridge between the core and PL/Python: calls one way, statements the other, as bytes. */
package aiworker.plpython;
