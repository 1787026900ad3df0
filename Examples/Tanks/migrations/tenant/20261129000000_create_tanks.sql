-- migrate:up
CREATE TABLE tanks (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name varchar(128),
  capacity float8,
  location varchar(255)
);

-- migrate:down
DROP TABLE tanks;
