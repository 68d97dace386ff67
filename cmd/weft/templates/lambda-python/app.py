def handler(event, context):
    name = event.get("name") or "world"
    print("greeting", name)
    return {"message": f"hello {name}"}
