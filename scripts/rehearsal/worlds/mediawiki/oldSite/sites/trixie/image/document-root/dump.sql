CREATE TABLE forgotten (id INT);
